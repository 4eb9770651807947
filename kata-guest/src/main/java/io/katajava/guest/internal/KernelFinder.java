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

  /**
   * Debian's image has all in it up to 13; later it only depends on the binary, the modules and the
   * base, which tells what is built in. Ubuntu's has the kernel alone, and is signed or not.
   */
  private static final Pattern KERNEL_PACKAGE =
      Pattern.compile("linux-(image|image-unsigned|binary|modules|base)-\\d[A-Za-z0-9.+~-]*");

  private static final List<String> MODULES = List.of("lib/modules", "usr/lib/modules");

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
    return source instanceof KernelSource.Debian ? packaged() : host();
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
    return source instanceof KernelSource.Debian ? "the packaged kernel" : "the host's kernel";
  }

  /**
   * The packages that stand for the newest kernel for virtual machines: Debian's, then Ubuntu's.
   *
   * @param architecture the guest's
   * @param host the host's: Ubuntu's names do not tell the architecture
   */
  static List<String> packages(String architecture, String host) {
    String debian = architecture.equals("aarch64") ? "arm64" : "amd64";
    String other = architecture.equals(host) ? "" : ":" + debian;
    return List.of(
        "linux-image-cloud-" + debian,
        "linux-image-virtual" + other,
        "linux-image-kvm" + other,
        "linux-image-generic" + other);
  }

  private List<String> packages() {
    return packages(recipe.architecture(), host.architecture());
  }

  /**
   * What is wrong with a kernel in the cache, where it is one of a package.
   *
   * @return a clause; empty when it is as it was unpacked
   */
  Optional<String> damage(KernelSource source, Found kernel) throws IOException {
    if (!(source instanceof KernelSource.Debian)) {
      return Optional.empty();
    }
    for (Path at = kernel.image(); at != null; at = at.getParent()) {
      Optional<String> damage = packages.damage(packages(), at);
      if (damage.isPresent()) {
        return damage;
      }
    }
    return Optional.empty();
  }

  /** Removes a package's kernel from the cache, so that it is downloaded again. */
  void discardPackaged() throws IOException, InterruptedException {
    packages.discard(packages());
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
      throw new Unusable("the host's kernel is for the architecture " + host.architecture());
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
    throw new Unusable("neither " + String.join(" nor ", KATA_DIRECTORIES) + " has a kernel");
  }

  private Found packaged() throws Unusable, IOException, InterruptedException {
    AptPackages.Unpacked unpacked =
        packages.provide(
            packages(),
            new AptPackages.Wanted(
                "kernel with modules",
                KERNEL_PACKAGE,
                path -> path.startsWith("boot/vmlinuz-") || path.contains("lib/modules/"),
                KernelFinder::isComplete));
    Path directory = unpacked.directory();
    return new Found(
        image(directory).orElseThrow(() -> incomplete(unpacked)),
        Optional.of(modules(directory).orElseThrow(() -> incomplete(unpacked))),
        "Debian package " + unpacked.name() + " " + unpacked.version());
  }

  private static Unusable incomplete(AptPackages.Unpacked unpacked) {
    return new Unusable("there is no longer a complete kernel in " + unpacked.directory());
  }

  private static boolean isComplete(Path directory) {
    try {
      return image(directory).isPresent() && modules(directory).isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  /** In {@code boot/}, or with the modules, where Debian puts it after 13. */
  private static Optional<Path> image(Path directory) throws IOException {
    Optional<Path> image = only(directory.resolve("boot"));
    return image.isPresent()
        ? image
        : modules(directory).map(path -> path.resolve("vmlinuz")).filter(Files::isRegularFile);
  }

  private static Optional<Path> modules(Path directory) throws IOException {
    for (String place : MODULES) {
      Optional<Path> modules = only(directory.resolve(place));
      if (modules.isPresent()) {
        return modules;
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> only(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().findFirst();
    }
  }

  private Found host() throws Unusable {
    if (!recipe.architecture().equals(host.architecture())) {
      throw new Unusable("it is for " + host.architecture());
    }
    Path modules = host.path("/lib/modules/" + host.kernelRelease());
    Path image = host.path("/boot/vmlinuz-" + host.kernelRelease());
    Path beside = modules.resolve("vmlinuz");
    if (!Files.isReadable(image) && Files.isRegularFile(beside) && Files.isReadable(beside)) {
      image = beside;
    }
    requireReadable(image);
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
      throw new Unusable(image + " is not readable", "Make it readable: chmod a+r " + image);
    }
  }
}
