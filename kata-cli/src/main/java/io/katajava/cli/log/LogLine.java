package io.katajava.cli.log;

import io.katajava.cli.log.LogEntry.Kind;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Recognizes one line of a log. */
final class LogLine {
  /** What syslog and journald write before a message: date, host, program and pid. */
  private static final Pattern SYSLOG_PREFIX =
      Pattern.compile(
          "^[A-Z][a-z]{2} [ \\d]\\d [\\d:.]{8,15} \\S+ [^\\s:\\[]+(?:\\[\\d+\\])?:"
              + " (?=time=|level=|\\{)");

  /** {@code [date] [thread] [LEVEL] logger - message}; date and thread may be missing. */
  private static final Pattern JAVA =
      Pattern.compile(
          "^(?:(\\d{4}-\\d{2}-\\d{2}[T"
              + " ][\\d:.,]{5,18}(?:Z|[+-]\\d{2}:?\\d{2})?|\\d{2}:\\d{2}:\\d{2}[.,]\\d{3}|\\d{1,12})"
              + " )?(?:\\[([^\\]]{1,200})\\] )?\\[?(TRACE|DEBUG|INFO|WARN|ERROR)\\]? +(\\S{1,300})"
              + " - (.*)$",
          Pattern.DOTALL);

  /** The kernel's console lines begin with seconds since boot. */
  private static final Pattern CONSOLE = Pattern.compile("^\\[ *(\\d+\\.\\d{6})\\] (.*)$");

  private static final Pattern CONSOLE_PROGRAM = Pattern.compile("^(kata-agent): (.*)$");

  private LogLine() {}

  /** The entry the line begins; empty when it goes on with the one before. */
  static Optional<LogEntry> parse(String raw) {
    String line = SYSLOG_PREFIX.matcher(raw).replaceFirst("");
    if (line.startsWith("{")) {
      Optional<LogEntry> json = json(line);
      if (json.isPresent()) {
        return json;
      }
    }
    if (line.contains("msg=") || line.contains("level=")) {
      Optional<LogEntry> logfmt = Logfmt.parse(line).map(LogEntry::ofFields);
      if (logfmt.isPresent()) {
        return logfmt;
      }
    }
    Matcher java = JAVA.matcher(line);
    if (java.matches()) {
      return Optional.of(java(java));
    }
    Matcher console = CONSOLE.matcher(line);
    return console.matches() ? Optional.of(console(console)) : Optional.empty();
  }

  /** The agent's own JSON in a message or field of the runtime that carried it. */
  static Optional<LogEntry> json(String text) {
    try {
      if (!(JsonValue.parse(text) instanceof JsonObject object) || !object.has("msg")) {
        return Optional.empty();
      }
      Map<String, String> fields = new LinkedHashMap<>();
      for (String name : object.names()) {
        JsonValue value = object.get(name);
        if (value != null) {
          fields.put(name, value instanceof JsonString string ? string.value() : value.toJson());
        }
      }
      return Optional.of(LogEntry.ofFields(fields));
    } catch (JsonException e) {
      return Optional.empty();
    }
  }

  private static LogEntry java(Matcher matcher) {
    Map<String, String> fields = new LinkedHashMap<>();
    String time = matcher.group(1) == null ? "" : matcher.group(1);
    if (time.matches("\\d+")) {
      // SLF4J's simple logger without a date counts milliseconds from its start.
      fields.put("millis", time);
    } else if (time.indexOf(':') == 2) {
      // Logback's default has the time of day only, which says nothing of the order of files.
      fields.put("clock", time);
    }
    if (matcher.group(2) != null) {
      fields.put("thread", matcher.group(2));
    }
    String message = matcher.group(5);
    Matcher sandbox =
        Pattern.compile("^\\[([a-z2-7]{10})\\] (.*)$", Pattern.DOTALL).matcher(message);
    if (sandbox.matches()) {
      fields.put("sandbox", sandbox.group(1));
      message = sandbox.group(2);
    }
    return new LogEntry(
        Kind.JAVA,
        LogTimes.parse(time),
        LogEntry.level(matcher.group(3)),
        matcher.group(4),
        "kata-java",
        "",
        message,
        fields,
        "",
        0);
  }

  private static LogEntry console(Matcher matcher) {
    Matcher program = CONSOLE_PROGRAM.matcher(matcher.group(2));
    boolean named = program.matches();
    return new LogEntry(
        Kind.CONSOLE,
        Optional.empty(),
        "",
        named ? "agent" : "kernel",
        named ? program.group(1) : "kernel",
        "",
        named ? program.group(2) : matcher.group(2),
        Map.of("uptime", matcher.group(1)),
        "",
        0);
  }
}
