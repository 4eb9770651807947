package io.katajava.internal.host;

/** Names of architectures: QEMU's, from the kernel's and the JVM's. */
public final class Architectures {
  private Architectures() {}

  /**
   * This JVM's architecture.
   *
   * @return QEMU's name of it
   */
  public static String current() {
    return inQemuSpelling(System.getProperty("os.arch", "unknown"));
  }

  /**
   * Translates a name.
   *
   * @param name any of the usual names, for example {@code amd64} or {@code ppc64le}
   * @return QEMU's name of it; the name itself when it is not known
   */
  public static String inQemuSpelling(String name) {
    return switch (name) {
      case "amd64", "x86-64" -> "x86_64";
      case "arm64" -> "aarch64";
      case "ppc64le" -> "ppc64";
      default -> name;
    };
  }
}
