package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.base.files.HeldFile;
import io.katajava.base.files.TreeRemoval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Kernels built from our options: {@code kernels/} of the cache, one directory for each. */
final class BuiltKernels {
  /** Raised when the same source and options lead to another kernel. */
  private static final String VERSION = "1";

  /** In the reasons, and no remedy: other kernels are tried after this one. */
  private static final String HINT = "; 'kata guest build --kernel-from-source' builds it";

  private final String architecture;
  private final CacheDirectory cache;

  BuiltKernels(String architecture, CacheDirectory cache) {
    this.architecture = architecture;
    this.cache = cache;
  }

  /**
   * A kernel that was built.
   *
   * @param image its vmlinux
   * @param modules the directory that tells what is built in
   * @param version of the source's package
   */
  record Built(Path image, Path modules, String version) {}

  /** The one built last, when it has the options of today; asks nobody. */
  Built find() throws Unusable, IOException {
    List<String> current;
    try {
      current = Files.readAllLines(pointer());
    } catch (NoSuchFileException e) {
      throw new Unusable("no kernel has been built" + HINT);
    }
    if (current.size() < 3 || !current.get(0).matches("[A-Za-z0-9.+~_-]+")) {
      throw new Unusable(pointer() + " is damaged" + HINT);
    }
    if (!current.get(1).equals(digest())) {
      throw new Unusable(
          "the kernel that was built has other options than this version wants" + HINT);
    }
    return built(current.get(0), current.get(2))
        .orElseThrow(() -> new Unusable("the kernel that was built no longer exists" + HINT));
  }

  /**
   * Builds it, unless it is there.
   *
   * @param jobs how many compilers at once
   * @param progress told what begins
   */
  Built build(KernelSources sources, int jobs, Deadline deadline, Consumer<String> progress)
      throws Unusable, IOException, InterruptedException {
    String fragment = KernelOptions.fragment(architecture);
    progress.accept("getting Linux's source");
    KernelSources.Archive archive = sources.archive();
    String name = archive.version().replace(':', '-') + "-" + digest();
    HeldFile lock = cache.lock("kernel", deadline);
    try {
      Optional<Built> there = built(name, archive.version());
      if (there.isEmpty()) {
        sources.requireTools();
        Path work = Files.createTempDirectory(cache.temporary(), "kernel");
        try {
          make(sources, archive, fragment, jobs, work, progress);
          Files.createDirectories(cache.path("kernels"));
          TreeRemoval.of(cache.path("kernels").resolve(name));
          cache.publish(work.resolve("finished"), cache.path("kernels").resolve(name));
        } finally {
          progress.accept("cleaning up");
          TreeRemoval.of(work);
        }
      }
      cache.writeText(pointer(), String.join("\n", name, digest(), archive.version()) + "\n");
      return built(name, archive.version())
          .orElseThrow(() -> new IOException("the kernel in " + name + " is incomplete"));
    } finally {
      lock.close();
    }
  }

  private static void make(
      KernelSources sources,
      KernelSources.Archive archive,
      String fragment,
      int jobs,
      Path work,
      Consumer<String> progress)
      throws Unusable, IOException, InterruptedException {
    Path source = Files.createDirectory(work.resolve("source"));
    Path build = Files.createDirectory(work.resolve("build"));
    progress.accept("unpacking Linux " + archive.version());
    sources.unpack(archive, source, List.of());
    progress.accept("configuring Linux " + archive.version());
    sources.configure(source, build, fragment);
    progress.accept("compiling Linux " + archive.version() + ", which takes minutes");
    sources.compile(source, build, jobs);
    String release = Files.readString(build.resolve("include/config/kernel.release")).strip();
    Path finished = Files.createDirectory(work.resolve("finished"));
    Path modules = Files.createDirectories(finished.resolve("modules").resolve(release));
    move(build.resolve("vmlinux.stripped"), finished.resolve("vmlinux"));
    move(build.resolve("System.map"), finished.resolve("System.map"));
    move(build.resolve(".config"), finished.resolve("config"));
    move(build.resolve("modules.builtin"), modules.resolve("modules.builtin"));
    // QEMU may run as another user than the one who built it.
    if (!finished.toFile().setReadable(true, false)
        || !finished.toFile().setExecutable(true, false)
        || !finished.resolve("vmlinux").toFile().setReadable(true, false)) {
      throw new IOException("Cannot make " + finished + " readable for everyone");
    }
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  private Optional<Built> built(String name, String version) throws IOException {
    Path directory = cache.path("kernels").resolve(name);
    Path image = directory.resolve("vmlinux");
    if (!Files.isRegularFile(image) || !Files.isDirectory(directory.resolve("modules"))) {
      return Optional.empty();
    }
    try (Stream<Path> releases = Files.list(directory.resolve("modules"))) {
      return releases.findFirst().map(modules -> new Built(image, modules, version));
    }
  }

  private String digest() throws Unusable, IOException {
    return Digests.of(VERSION + "\n" + KernelOptions.fragment(architecture)).substring(0, 16);
  }

  private Path pointer() {
    return cache.path("kernels").resolve(architecture + ".current");
  }
}
