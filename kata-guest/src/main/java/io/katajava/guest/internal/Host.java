package io.katajava.guest.internal;

import java.nio.file.Path;
import java.util.List;

/**
 * What of the host decides how a guest is made; replaced in tests.
 *
 * @param root the directory the absolute paths below start from
 * @param searchPath where tools are looked for, as in {@code PATH}
 * @param architecture the host's, in QEMU's spelling
 * @param kernelRelease what {@code uname -r} says
 */
public record Host(Path root, String searchPath, String architecture, String kernelRelease) {
  /** Guests there are kernels and agents for. */
  public static final List<String> ARCHITECTURES = List.of("x86_64", "aarch64");

  /**
   * The host this runs on.
   *
   * @return it
   */
  public static Host current() {
    String path = System.getenv("PATH");
    return new Host(
        Path.of("/"),
        path == null || path.isEmpty() ? "/usr/local/bin:/usr/bin:/bin" : path,
        currentArchitecture(),
        System.getProperty("os.version", ""));
  }

  /**
   * The host's architecture in QEMU's spelling.
   *
   * @return for example {@code x86_64}
   */
  public static String currentArchitecture() {
    String name = System.getProperty("os.arch", "");
    return name.equals("amd64") ? "x86_64" : name;
  }

  Path path(String absolute) {
    return root.resolve(absolute.substring(1));
  }
}
