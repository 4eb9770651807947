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

  /** A whole record behind a prefix that is none of those known; group 1: the record. */
  private static final Pattern EMBEDDED =
      Pattern.compile("^.{1,300}? (time=\"?\\d{4}-\\d{2}-\\d{2}[T ].*\\blevel=.*)$");

  /** The entry the line begins; empty when it goes on with the one before. */
  static Optional<LogEntry> parse(String raw) {
    return structured(raw)
        .or(() -> journalJson(raw))
        .or(() -> JournalPrefix.of(raw).map(LogLine::carried))
        .or(() -> sinceBoot(raw))
        .or(() -> console(raw))
        .or(() -> embedded(raw));
  }

  private static Optional<LogEntry> structured(String line) {
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
    return java.matches() ? Optional.of(java(java)) : Optional.empty();
  }

  private static LogEntry carried(JournalPrefix prefix) {
    return structured(prefix.message()).map(prefix::around).orElseGet(prefix::alone);
  }

  private static Optional<LogEntry> sinceBoot(String line) {
    return JournalPrefix.sinceBoot(line)
        .flatMap(prefix -> structured(prefix.message()).map(prefix::around));
  }

  private static Optional<LogEntry> console(String line) {
    Matcher console = CONSOLE.matcher(line);
    return console.matches() ? Optional.of(console(console)) : Optional.empty();
  }

  private static Optional<LogEntry> embedded(String line) {
    Matcher matcher = EMBEDDED.matcher(line);
    return matcher.matches() ? structured(matcher.group(1)) : Optional.empty();
  }

  /** {@code journalctl -o json}; also {@code json-sse} and {@code json-seq}. */
  private static Optional<LogEntry> journalJson(String raw) {
    String line = raw.startsWith("data: ") ? raw.substring(6) : raw;
    line = line.startsWith("\u001e") ? line.substring(1) : line;
    if (!line.startsWith("{")) {
      return Optional.empty();
    }
    try {
      return JsonValue.parse(line) instanceof JsonObject object && JournalJson.isOne(object)
          ? Optional.of(carried(JournalJson.read(object)))
          : Optional.empty();
    } catch (JsonException e) {
      return Optional.empty();
    }
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
