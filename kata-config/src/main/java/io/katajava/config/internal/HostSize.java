package io.katajava.config.internal;

import io.katajava.MemorySize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the host has.
 *
 * @param cpus number of CPUs this process may use
 * @param memory all of its memory
 * @param architecture in QEMU's spelling
 */
public record HostSize(int cpus, MemorySize memory, String architecture) {
  // More no machine of QEMU has.
  private static final int MAXIMUM_CPUS = 512;

  /**
   * Looks at this host.
   *
   * @return its sizes
   */
  public static HostSize current() {
    String name = System.getProperty("os.arch", "");
    return new HostSize(
        Math.min(MAXIMUM_CPUS, Runtime.getRuntime().availableProcessors()),
        memory(Path.of("/proc/meminfo")),
        switch (name) {
          case "amd64" -> "x86_64";
          case "ppc64le" -> "ppc64";
          default -> name;
        });
  }

  private static MemorySize memory(Path info) {
    try {
      List<String> lines = Files.readAllLines(info);
      for (String line : lines) {
        if (line.startsWith("MemTotal:")) {
          return MemorySize.kibibytes(Long.parseLong(line.replaceAll("\\D", "")));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // What it has is then taken to be the least that is useful.
      return MemorySize.gibibytes(2);
    }
    return MemorySize.gibibytes(2);
  }
}
