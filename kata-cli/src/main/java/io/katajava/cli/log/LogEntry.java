package io.katajava.cli.log;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One message of a log.
 *
 * @param kind what wrote it
 * @param time when, if the line says so
 * @param level how grave, lower case; empty when the line does not say
 * @param source the part of the program, for example {@code agent}
 * @param name the program, for example {@code kata-runtime}
 * @param pid its process, as written
 * @param message the message
 * @param fields everything else, in the order written
 * @param file where it was read from
 * @param line the number of its first line there, from 1
 */
public record LogEntry(
    Kind kind,
    Optional<Instant> time,
    String level,
    String source,
    String name,
    String pid,
    String message,
    Map<String, String> fields,
    String file,
    int line) {

  /** What wrote a line. */
  public enum Kind {
    /** Kata's runtime, shim or agent: logrus or slog, as text or JSON. */
    KATA,
    /** This library, through SLF4J's simple logger or a logger with a like layout. */
    JAVA,
    /** The guest's console: the kernel and what writes to its log. */
    CONSOLE,
    /** Any other program, whose line the journal or a syslog daemon has. */
    JOURNAL,
    /** None of these. */
    UNKNOWN
  }

  /** Copies the fields. */
  public LogEntry {
    fields = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  LogEntry withMessage(String longer) {
    return new LogEntry(kind, time, level, source, name, pid, longer, fields, file, line);
  }

  LogEntry at(String inFile, int inLine) {
    return new LogEntry(kind, time, level, source, name, pid, message, fields, inFile, inLine);
  }

  LogEntry withFields(Map<String, String> others) {
    return new LogEntry(kind, time, level, source, name, pid, message, others, file, line);
  }

  /** From a line's fields, by the names that logrus and slog give them. */
  static LogEntry ofFields(Map<String, String> all) {
    Map<String, String> rest = new LinkedHashMap<>(all);
    String time = take(rest, "time", "ts");
    return new LogEntry(
        Kind.KATA,
        LogTimes.parse(time),
        level(take(rest, "level")),
        take(rest, "source"),
        take(rest, "name"),
        take(rest, "pid"),
        take(rest, "msg"),
        rest,
        "",
        0);
  }

  static LogEntry ofMessage(Kind kind, String message) {
    return new LogEntry(kind, Optional.empty(), "", "", "", "", message, Map.of(), "", 0);
  }

  /** slog abbreviates levels, and Java spells them in capitals. */
  static String level(String written) {
    String lower = written.toLowerCase(java.util.Locale.ROOT);
    return switch (lower) {
      case "warn", "wrn" -> "warning";
      case "err", "erro" -> "error";
      case "info", "inf" -> "info";
      case "debg", "dbg" -> "debug";
      case "crit" -> "critical";
      case "trce" -> "trace";
      default -> lower;
    };
  }

  private static String take(Map<String, String> fields, String... names) {
    for (String name : names) {
      String value = fields.remove(name);
      if (value != null) {
        return value;
      }
    }
    return "";
  }
}
