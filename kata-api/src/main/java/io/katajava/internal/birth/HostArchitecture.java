package io.katajava.internal.birth;

/** The host's architecture in QEMU's spelling. */
final class HostArchitecture {
  private HostArchitecture() {}

  static String current() {
    String name = System.getProperty("os.arch", "unknown");
    return switch (name) {
      case "amd64", "x86_64" -> "x86_64";
      case "aarch64", "arm64" -> "aarch64";
      case "ppc64le" -> "ppc64";
      default -> name;
    };
  }
}
