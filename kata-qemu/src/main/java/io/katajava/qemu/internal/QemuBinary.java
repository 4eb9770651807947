package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.base.host.ProgramSearch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds programs on the host. */
final class QemuBinary {
  private static final List<String> USUAL_PLACES =
      List.of("/usr/bin", "/usr/local/bin", "/usr/libexec", "/opt/kata/bin");

  private QemuBinary() {}

  static Path find(Optional<Path> configured, String architecture) {
    if (configured.isPresent()) {
      Path binary = configured.get();
      if (!Files.isExecutable(binary) || Files.isDirectory(binary)) {
        throw missing(
            "the configured QEMU "
                + binary
                + (Files.exists(binary) ? " is not an executable file" : " does not exist"),
            "Correct QemuConfig.builder().binary(...), or leave it out");
      }
      return binary;
    }
    String name = "qemu-system-" + architecture;
    return program(name)
        .or(() -> ProgramSearch.in(List.of("/usr/libexec")).find("qemu-kvm"))
        .orElseThrow(
            () ->
                missing(
                    name + " is neither on the PATH nor in " + USUAL_PLACES,
                    "Install QEMU (Debian: apt install "
                        + debianPackage(architecture)
                        + ") or set QemuConfig.builder().binary(...)"));
  }

  static Optional<Path> program(String name) {
    return ProgramSearch.onPath().then(USUAL_PLACES).find(name);
  }

  static String debianPackage(String architecture) {
    return switch (architecture) {
      case "x86_64" -> "qemu-system-x86";
      case "aarch64" -> "qemu-system-arm";
      case "ppc64" -> "qemu-system-ppc";
      default -> "qemu-system-misc";
    };
  }

  private static KataException missing(String message, String remedy) {
    return new KataException(
        ErrorCode.HYPERVISOR_NOT_FOUND, message, Details.none().withRemedy(remedy));
  }
}
