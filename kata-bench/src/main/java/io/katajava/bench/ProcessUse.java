package io.katajava.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** What the kernel tells about a process, proc(5). */
final class ProcessUse {
  /** USER_HZ, which is 100 on all architectures that QEMU runs guests on here. */
  private static final double TICKS_PER_SECOND = 100;

  private ProcessUse() {}

  /**
   * Memory in MiB, shared pages counted by their share: {@code Pss} of {@code smaps_rollup}.
   *
   * @throws IOException when the process is gone or another user's
   */
  static double proportionalMebibytes(long pid) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"));
    return proportionalMebibytes(lines);
  }

  static double proportionalMebibytes(List<String> lines) throws IOException {
    for (String line : lines) {
      if (line.startsWith("Pss:")) {
        return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
      }
    }
    throw new IOException("smaps_rollup without Pss");
  }

  /** Processor time so far, of all its threads, in seconds. */
  static double processorSeconds(long pid) throws IOException {
    return processorSeconds(stat(pid));
  }

  static double processorSeconds(String stat) {
    String[] fields = afterName(stat);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  /** Whether it runs; one that is dead and only not yet waited for does not. */
  static boolean runs(long pid) throws IOException {
    try {
      return !afterName(stat(pid))[0].matches("[ZX]");
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static String stat(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
  }

  /** The fields from the state on; the name before may hold blanks and parentheses. */
  private static String[] afterName(String stat) {
    return stat.substring(stat.lastIndexOf(')') + 2).strip().split(" ", -1);
  }
}
