package io.katajava.cli.log;

import io.katajava.cli.log.LogEntry.Kind;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What syslog daemons and journalctl write before a message: when, on which host, which program.
 * The forms are those of {@code journalctl -o short}, {@code short-precise}, {@code short-iso},
 * {@code short-iso-precise}, {@code short-full}, {@code with-unit} and {@code short-unix}, with and
 * without {@code --no-hostname}; rsyslog's files have the first or the third.
 *
 * @param time when, where the form has a year
 * @param host which host, or empty
 * @param program the identifier or unit, or empty
 * @param pid its process, or empty
 * @param level how grave, or empty
 * @param message what follows
 */
record JournalPrefix(
    Optional<Instant> time, String host, String program, String pid, String level, String message) {

  private static final String CLOCK = "\\d{2}:\\d{2}:\\d{2}(?:[.,]\\d{1,9})?";
  private static final String OFFSET = "(?:Z|[+-]\\d{2}:?\\d{2})?";

  /** Groups: iso, full with its zone, unix, host, program, pid, message. */
  private static final Pattern LINE =
      Pattern.compile(
          "^(?:[A-Z][a-z]{2} [ \\d]\\d "
              + CLOCK
              + "|(\\d{4}-\\d{2}-\\d{2}[T ]"
              + CLOCK
              + OFFSET
              + ")|[A-Z][a-z]{2} (\\d{4}-\\d{2}-\\d{2} "
              + CLOCK
              + ") (\\S{1,40})|(\\d{9,11}\\.\\d{6})) (?:([^\\s:\\[\\]]{1,255}) )?"
              + "([^\\s:\\[\\]]{1,255})(?:\\[(\\d{1,19})\\])?:(?: (.*))?$",
          Pattern.DOTALL);

  /** Seconds since boot in place of a date; also the kernel's own, so the message decides. */
  private static final Pattern MONOTONIC =
      Pattern.compile(
          "^\\[ *\\d+\\.\\d{6}(?: <[ .\\d]{1,20}>)?\\] (?:([^\\s:\\[\\]]{1,255}) )?"
              + "([^\\s:\\[\\]]{1,255})\\[(\\d{1,19})\\]: (.*)$",
          Pattern.DOTALL);

  /** What journalctl says itself, between the lines. */
  private static final Pattern REMARK =
      Pattern.compile("^-- (?:Boot|Reboot|Journal|Logs|No entries).{0,200}--$");

  static Optional<JournalPrefix> of(String line) {
    Matcher matcher = LINE.matcher(line);
    if (matcher.matches()) {
      return Optional.of(
          new JournalPrefix(
              time(matcher),
              text(matcher, 5),
              text(matcher, 6),
              text(matcher, 7),
              "",
              text(matcher, 8)));
    }
    if (REMARK.matcher(line).matches()) {
      return Optional.of(new JournalPrefix(Optional.empty(), "", "journalctl", "", "", line));
    }
    return Optional.empty();
  }

  /** Only worth something before a message that is known. */
  static Optional<JournalPrefix> sinceBoot(String line) {
    Matcher matcher = MONOTONIC.matcher(line);
    return matcher.matches()
        ? Optional.of(
            new JournalPrefix(
                Optional.empty(),
                text(matcher, 1),
                text(matcher, 2),
                text(matcher, 3),
                "",
                text(matcher, 4)))
        : Optional.empty();
  }

  private static String text(Matcher matcher, int group) {
    String text = matcher.group(group);
    return text == null ? "" : text;
  }

  private static Optional<Instant> time(Matcher matcher) {
    if (matcher.group(1) != null) {
      return LogTimes.parse(matcher.group(1));
    }
    if (matcher.group(2) != null) {
      return zoned(matcher.group(2), matcher.group(3));
    }
    if (matcher.group(4) == null) {
      return Optional.empty();
    }
    String[] parts = matcher.group(4).split("\\.", -1);
    return Optional.of(
        Instant.ofEpochSecond(Long.parseLong(parts[0]), Long.parseLong(parts[1]) * 1000));
  }

  /** Of most zones' abbreviations only this machine knows what it meant. */
  private static Optional<Instant> zoned(String date, String zone) {
    String iso = date.replace(' ', 'T').replace(',', '.');
    try {
      if (zone.equals("UTC") || zone.equals("GMT")) {
        return Optional.of(OffsetDateTime.parse(iso + "Z").toInstant());
      }
      return Optional.of(LocalDateTime.parse(iso).atZone(ZoneId.systemDefault()).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /** The message is one of a known kind; what it does not say itself is known from here. */
  LogEntry around(LogEntry inner) {
    return new LogEntry(
        inner.kind(),
        inner.time().or(this::time),
        inner.level(),
        inner.source(),
        inner.name(),
        inner.pid(),
        inner.message(),
        inner.fields(),
        "",
        0);
  }

  /** The message is text of whatever program. */
  LogEntry alone() {
    Map<String, String> fields = new LinkedHashMap<>();
    if (!host.isEmpty()) {
      fields.put("host", host);
    }
    return new LogEntry(Kind.JOURNAL, time, level, "", program, pid, message, fields, "", 0);
  }
}
