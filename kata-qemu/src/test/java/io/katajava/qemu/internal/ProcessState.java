package io.katajava.qemu.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Whether a process runs that may not be our child.
 *
 * <p>Where no init collects orphans, such a process stays a zombie for ever, and a {@link
 * ProcessHandle} takes a zombie for alive.
 */
final class ProcessState {
  private ProcessState() {}

  static boolean runs(long pid) {
    String stat;
    try {
      stat = Files.readString(Path.of("/proc", pid + "", "stat"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return false;
    }
    // proc(5): the state follows the name, which may itself hold parentheses.
    char state = stat.charAt(stat.lastIndexOf(')') + 2);
    return state != 'Z' && state != 'X';
  }

  /** Whether it has ended, at the latest after the given time. */
  static boolean ends(long pid, Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (runs(pid)) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return true;
  }
}
