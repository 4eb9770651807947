package io.katajava.spi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A limit of this process that is used up, so that something failed. The JDK tells the errno at
 * best, often as what is wrong with a file or a class; the limit is what people can raise.
 */
public enum ExhaustedLimit {
  /** EMFILE. */
  OPEN_FILES(
      "Max open files",
      "this process may have %s files open at once, and has them all"
          + " (ulimit -n; LimitNOFILE= of a systemd unit)"),

  /** EFBIG: also of a file system that has no larger files, so only where the process has one. */
  FILE_SIZE(
      "Max file size",
      "a file that this process writes may have %s bytes (ulimit -f; LimitFSIZE= of a systemd unit)"),

  /** EAGAIN of clone(2). */
  PROCESSES(
      "Max processes",
      "no further process or thread could be started: this user may have %s (ulimit -u; LimitNPROC="
          + " or TasksMax= of a systemd unit, pids.max of a cgroup)"),

  /** ENOMEM of mmap(2) and clone(2). */
  ADDRESS_SPACE(
      "Max address space",
      "the host gave no more memory: this process may have %s bytes of address space (ulimit -v)");

  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String UNKNOWN = "only so many";
  private static volatile String table = "";

  private final String row;
  private final String text;

  ExhaustedLimit(String row, String text) {
    this.row = row;
    this.text = text;
  }

  /** Reads the limits, as long as there is a descriptor to read them by. */
  public static void look() {
    if (table.isEmpty()) {
      try {
        table = Files.readString(LIMITS);
      } catch (IOException e) {
        // Told without the number, then.
        table = "";
      }
    }
  }

  /**
   * The limit that made something fail.
   *
   * @param failure what failed; its causes are looked at, too
   * @return a sentence without its full stop, with the limit and how it is raised; empty when no
   *     limit of this process is to blame
   */
  public static Optional<String> of(Throwable failure) {
    look();
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Throwable each = failure; each != null && seen.add(each); each = each.getCause()) {
      Optional<String> told = ofOne(each).map(ExhaustedLimit::sentence);
      if (told.isPresent()) {
        return told;
      }
    }
    return Optional.empty();
  }

  /** Of the JDK's own exceptions alone: others may quote what a guest or a server said. */
  private static Optional<ExhaustedLimit> ofOne(Throwable failure) {
    if (!failure.getClass().getName().startsWith("java.")) {
      return Optional.empty();
    }
    String message = String.valueOf(failure.getMessage());
    if (message.contains("Too many open files") || message.contains("error=24,")) {
      return Optional.of(OPEN_FILES);
    }
    if (message.contains("File too large") || message.contains("error=27,")) {
      return FILE_SIZE.isSet() ? Optional.of(FILE_SIZE) : Optional.empty();
    }
    if (message.contains("unable to create native thread") || message.contains("error=11,")) {
      return Optional.of(PROCESSES);
    }
    if (message.contains("error=12,") || message.contains("Cannot allocate memory")) {
      return ADDRESS_SPACE.isSet() ? Optional.of(ADDRESS_SPACE) : Optional.empty();
    }
    return Optional.empty();
  }

  private boolean isSet() {
    String value = value();
    return !value.equals("unlimited") && !value.equals(UNKNOWN);
  }

  private String sentence() {
    return String.format(Locale.ROOT, text, value());
  }

  /** The soft limit, the first column after the name. */
  private String value() {
    return table
        .lines()
        .filter(line -> line.startsWith(row))
        .map(line -> line.substring(row.length()).strip().split("\\s+", -1)[0])
        .findFirst()
        .orElse(UNKNOWN);
  }
}
