package io.katajava.internal.ledger;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process that cannot be mistaken for a later one with the same pid.
 *
 * @param pid the process id
 * @param startTicks its start time in clock ticks since boot, field 22 of {@code /proc/PID/stat}
 * @param bootId the kernel's {@code /proc/sys/kernel/random/boot_id}
 */
public record ProcessIdentity(long pid, long startTicks, String bootId) {
  private static final Path PROC = Path.of("/proc");
  private static final String BOOT_ID = readBootId();

  /** {@code PF_EXITING} of Linux's {@code include/linux/sched.h}: it has begun to end. */
  private static final long EXITING = 0x4;

  /** Who owns what is in nobody's hands: no process has this number. */
  public static final ProcessIdentity NOBODY = new ProcessIdentity(0, 0, "none");

  static String currentBootId() {
    return BOOT_ID;
  }

  public static Optional<ProcessIdentity> of(long pid) {
    return startTicks(pid).map(ticks -> new ProcessIdentity(pid, ticks, BOOT_ID));
  }

  public static ProcessIdentity self() {
    long pid = ProcessHandle.current().pid();
    return of(pid).orElse(new ProcessIdentity(pid, 0, BOOT_ID));
  }

  /** Whether exactly this process still runs; a zombie does not. */
  boolean isAlive() {
    return BOOT_ID.equals(bootId) && startTicks(pid).filter(t -> t == startTicks).isPresent();
  }

  /**
   * Whether exactly this process runs and has not begun to end. Between the two a process has no
   * memory and no arguments any more, but is no zombie yet: it serves nobody, yet may still hold
   * files.
   */
  public boolean isRunning() {
    return BOOT_ID.equals(bootId)
        && stat(pid)
            .filter(stat -> stat.startTicks() == startTicks && (stat.flags() & EXITING) == 0)
            .isPresent();
  }

  /** As part of a file's name. */
  String toName() {
    return pid + "-" + startTicks + "-" + bootId;
  }

  /** Empty for what {@link #toName()} never gives. */
  static Optional<ProcessIdentity> ofName(String name) {
    String[] parts = name.split("-", 3);
    return parts.length == 3 && parts[0].matches("\\d{1,18}") && parts[1].matches("\\d{1,18}")
        ? Optional.of(
            new ProcessIdentity(Long.parseLong(parts[0]), Long.parseLong(parts[1]), parts[2]))
        : Optional.empty();
  }

  private static Optional<Long> startTicks(long pid) {
    return stat(pid).map(Stat::startTicks);
  }

  private static Optional<Stat> stat(long pid) {
    try {
      return Stat.parse(Files.readString(PROC.resolve(pid + "/stat"), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Fields 9 and 22 of {@code /proc/PID/stat}. */
  record Stat(long flags, long startTicks) {
    /** Empty for a zombie and for what is no such line. */
    static Optional<Stat> parse(String line) {
      // Field 2 is the name in parentheses and may itself contain spaces and parentheses.
      int nameEnd = line.lastIndexOf(')');
      String[] fields =
          nameEnd < 0 || nameEnd + 2 > line.length()
              ? new String[0]
              : line.substring(nameEnd + 2).split(" ", -1);
      if (fields.length < 20 || fields[0].equals("Z") || fields[0].equals("X")) {
        return Optional.empty();
      }
      try {
        return Optional.of(new Stat(Long.parseLong(fields[6]), Long.parseLong(fields[19])));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }
  }

  private static String readBootId() {
    try {
      return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }
}
