package io.katajava.guest.internal;

import io.katajava.guest.KernelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds a source's kernel image and modules; cheap when nothing has to be downloaded. */
final class KernelFinder {
  private static final List<String> KATA_DIRECTORIES =
      List.of("/opt/kata/share/kata-containers", "/usr/share/kata-containers");

  /** The compressed image first: it tells its release, and we unpack it where that is better. */
  private static final List<String> KATA_NAMES =
      List.of("vmlinuz.container", "vmlinux.container", "vmlinuz", "vmlinux");

  private static final Pattern VERSIONED_IMAGE = Pattern.compile("linux-image-\\d[A-Za-z0-9.+~-]*");

  private final GuestRecipe recipe;
  private final Host host;
  private final AptPackages packages;
  private final BuiltKernels built;

  KernelFinder(GuestRecipe recipe, Host host, AptPackages packages, BuiltKernels built) {
    this.recipe = recipe;
    this.host = host;
    this.packages = packages;
    this.built = built;
  }

  /**
   * A kernel as it lies on the host.
   *
   * @param image vmlinux, bzImage or Image
   * @param modules its modules, when it has some
   * @param source where it is from, for people
   */
  record Found(Path image, Optional<Path> modules, String source) {}

  Found find(KernelSource source) throws Unusable, IOException, InterruptedException {
    if (source instanceof KernelSource.Files files) {
      return given(files);
    }
    if (source instanceof KernelSource.Kata) {
      return kata();
    }
    if (source instanceof KernelSource.Built) {
      BuiltKernels.Built kernel = built.find();
      return new Found(
          kernel.image(),
          Optional.of(kernel.modules()),
          "built from Debian's linux-source " + kernel.version());
    }
    return source instanceof KernelSource.Debian ? debian() : host();
  }

  /** How a source is called in messages. */
  static String label(KernelSource source) {
    if (source instanceof KernelSource.Files files) {
      return "given kernel " + files.kernel();
    }
    if (source instanceof KernelSource.Kata) {
      return "Kata's kernel";
    }
    if (source instanceof KernelSource.Built) {
      return "the small kernel";
    }
    return source instanceof KernelSource.Debian ? "Debian's cloud kernel" : "the host's kernel";
  }

  static String debianPackage(String architecture) {
    return "linux-image-cloud-" + (architecture.equals("aarch64") ? "arm64" : "amd64");
  }

  private static Found given(KernelSource.Files files) throws Unusable {
    requireReadable(files.kernel());
    if (files.modules().isPresent() && !Files.isDirectory(files.modules().get())) {
      throw new Unusable("its modules directory " + files.modules().get() + " does not exist");
    }
    return new Found(files.kernel(), files.modules(), "given path");
  }

  private Found kata() throws Unusable {
    if (!recipe.architecture().equals(host.architecture())) {
      throw new Unusable("it is for the host's architecture, " + host.architecture());
    }
    for (String directory : KATA_DIRECTORIES) {
      for (String name : KATA_NAMES) {
        Path image = host.path(directory).resolve(name);
        if (Files.isRegularFile(image)) {
          requireReadable(image);
          return new Found(image, Optional.empty(), "Kata Containers in " + directory);
        }
      }
    }
    throw new Unusable("neither " + String.join(" nor ", KATA_DIRECTORIES) + " has one");
  }

  private Found debian() throws Unusable, IOException, InterruptedException {
    String metapackage = debianPackage(recipe.architecture());
    AptPackages.Unpacked unpacked =
        packages.provide(
            metapackage,
            VERSIONED_IMAGE,
            path -> path.startsWith("boot/vmlinuz-") || path.contains("lib/modules/"));
    Path image = only(unpacked.directory().resolve("boot"), unpacked);
    Path lib = unpacked.directory().resolve("lib/modules");
    if (!Files.isDirectory(lib)) {
      lib = unpacked.directory().resolve("usr/lib/modules");
    }
    return new Found(
        image,
        Optional.of(only(lib, unpacked)),
        "Debian package " + unpacked.name() + " " + unpacked.version());
  }

  private static Path only(Path directory, AptPackages.Unpacked unpacked)
      throws Unusable, IOException {
    if (Files.isDirectory(directory)) {
      try (Stream<Path> entries = Files.list(directory)) {
        Optional<Path> first = entries.sorted().findFirst();
        if (first.isPresent()) {
          return first.get();
        }
      }
    }
    throw new Unusable(
        "package " + unpacked.name() + " " + unpacked.version() + " has nothing in " + directory,
        "Remove " + unpacked.directory() + " to download it again");
  }

  private Found host() throws Unusable {
    if (!recipe.architecture().equals(host.architecture())) {
      throw new Unusable("it is for " + host.architecture());
    }
    Path image = host.path("/boot/vmlinuz-" + host.kernelRelease());
    requireReadable(image);
    Path modules = host.path("/lib/modules/" + host.kernelRelease());
    if (!Files.isDirectory(modules)) {
      throw new Unusable(modules + " does not exist");
    }
    return new Found(image, Optional.of(modules), "the kernel the host runs");
  }

  private static void requireReadable(Path image) throws Unusable {
    if (!Files.exists(image)) {
      throw new Unusable(image + " does not exist");
    }
    if (!Files.isRegularFile(image)) {
      throw new Unusable(image + " is not a file");
    }
    if (!Files.isReadable(image)) {
      throw new Unusable(image + " is not readable", "Make it so: chmod a+r " + image);
    }
  }
}
