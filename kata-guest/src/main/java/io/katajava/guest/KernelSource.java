package io.katajava.guest;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Where a guest kernel and its modules come from. */
public sealed interface KernelSource {

  /**
   * A kernel by its path, with everything the guest needs built in.
   *
   * @param kernel a vmlinux, bzImage or arm64 Image
   * @return the source
   */
  static KernelSource files(Path kernel) {
    return new Files(kernel, Optional.empty());
  }

  /**
   * A kernel by its path, and its modules.
   *
   * @param kernel a vmlinux, bzImage or arm64 Image
   * @param modules the directory with {@code kernel/} in it, for example {@code /lib/modules/6.1}
   * @return the source
   */
  static KernelSource files(Path kernel, Path modules) {
    return new Files(kernel, Optional.of(modules));
  }

  /**
   * The kernel of an installed Kata Containers release: {@code /opt/kata/share/kata-containers} or
   * {@code /usr/share/kata-containers}.
   *
   * @return the source
   */
  static KernelSource kata() {
    return new Kata();
  }

  /**
   * The small kernel that {@link KernelBuilder} has put into the cache; it is not built on the way.
   *
   * @return the source
   */
  static KernelSource built() {
    return new Built();
  }

  /**
   * The kernel for virtual machines that apt has: Debian's {@code linux-image-cloud-amd64} ({@code
   * -arm64}), Ubuntu's {@code linux-image-virtual}, {@code -kvm} or {@code -generic}; with the
   * packages it depends on for its modules, downloaded into the cache and not installed. Needs no
   * privilege. The cached one is used until {@link GuestBuilder#refresh()}.
   *
   * @return the source
   */
  static KernelSource debian() {
    return new Debian();
  }

  /**
   * The kernel the host runs: {@code /boot/vmlinuz-$(uname -r)}, or {@code vmlinuz} beside its
   * modules, where it is readable.
   *
   * @return the source
   */
  static KernelSource host() {
    return new Host();
  }

  /**
   * A source by its name: {@code kata}, {@code built}, {@code debian} or {@code host}; anything
   * with a slash is the path of a kernel with everything built in.
   *
   * @param name the name or path
   * @return the source
   * @throws IllegalArgumentException for another name
   */
  static KernelSource named(String name) {
    return switch (name) {
      case "kata" -> kata();
      case "built" -> built();
      case "debian" -> debian();
      case "host" -> host();
      default -> {
        if (!name.contains("/")) {
          throw new IllegalArgumentException(
              "'"
                  + name
                  + "' is not a kernel: expected kata, built, debian, host or a path with '/'");
        }
        yield files(Path.of(name));
      }
    };
  }

  /**
   * What is tried when nothing is chosen, in order: Kata's, the small one where it was built,
   * Debian's, the host's.
   *
   * @return the sources
   */
  static List<KernelSource> defaults() {
    return List.of(kata(), built(), debian(), host());
  }

  /**
   * See {@link KernelSource#files(Path, Path)}.
   *
   * @param kernel the image
   * @param modules its modules, when not everything is built in
   */
  record Files(Path kernel, Optional<Path> modules) implements KernelSource {
    /** Checks that both are given. */
    public Files {
      Objects.requireNonNull(kernel, "kernel");
      Objects.requireNonNull(modules, "modules");
    }
  }

  /** See {@link KernelSource#kata()}. */
  record Kata() implements KernelSource {}

  /** See {@link KernelSource#built()}. */
  record Built() implements KernelSource {}

  /** See {@link KernelSource#debian()}. */
  record Debian() implements KernelSource {}

  /** See {@link KernelSource#host()}. */
  record Host() implements KernelSource {}
}
