package io.katajava.cli.log;

import io.katajava.base.text.PrintableText;
import io.katajava.json.JsonObject;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes entries as text, JSON lines or CSV. */
public final class LogWriter {
  /** The columns of CSV, and the names in JSON. */
  static final List<String> COLUMNS =
      List.of(
          "record", "time", "delta", "level", "source", "name", "pid", "message", "file", "line",
          "fields");

  /** The forms there are. */
  public enum Format {
    /** A line for people. */
    TEXT,
    /** One JSON object a line. */
    JSON,
    /** RFC 4180, with a header. */
    CSV
  }

  private final PrintWriter out;
  private final Format format;
  private final BiFunction<String, String, String> paint;
  private @Nullable Instant before;
  private int record;

  /**
   * Begins.
   *
   * @param out where to
   * @param format how
   * @param paint gives text (second) a style (first) for text on a terminal
   */
  public LogWriter(PrintWriter out, Format format, BiFunction<String, String, String> paint) {
    this.out = out;
    this.format = format;
    this.paint = paint;
  }

  /**
   * Writes all of them.
   *
   * @param entries the entries, in order
   */
  public void write(List<LogEntry> entries) {
    if (format == Format.CSV) {
      out.print(String.join(",", COLUMNS) + "\r\n");
    }
    for (LogEntry entry : entries) {
      record++;
      String delta = delta(entry);
      switch (format) {
        case TEXT -> out.println(text(printable(entry)));
        case JSON -> out.println(json(entry, delta).toJson());
        case CSV -> out.print(csv(entry, delta) + "\r\n");
      }
      before = entry.time().orElse(before);
    }
    out.flush();
  }

  /** Seconds since the entry before; empty where one of the two has no time. */
  private String delta(LogEntry entry) {
    if (before == null || entry.time().isEmpty()) {
      return "";
    }
    Duration since = Duration.between(before, entry.time().get());
    return String.format(Locale.ROOT, "%.6f", since.toNanos() / 1e9);
  }

  /** What a guest wrote shall not steer the terminal of whoever reads it. */
  private static LogEntry printable(LogEntry entry) {
    Map<String, String> fields = new LinkedHashMap<>();
    entry.fields().forEach((key, value) -> fields.put(printable(key), printable(value)));
    return new LogEntry(
        entry.kind(),
        entry.time(),
        printable(entry.level()),
        printable(entry.source()),
        printable(entry.name()),
        printable(entry.pid()),
        printable(entry.message()),
        fields,
        entry.file(),
        entry.line());
  }

  private static String printable(String text) {
    return PrintableText.console(text);
  }

  private String text(LogEntry entry) {
    StringBuilder line = new StringBuilder();
    line.append(entry.time().map(Instant::toString).orElse("-")).append(' ');
    String level = entry.level().isEmpty() ? "-" : entry.level();
    line.append(painted(level)).append(" ".repeat(Math.max(1, 8 - level.length())));
    if (!entry.name().isEmpty()) {
      line.append(entry.name());
      line.append(entry.pid().isEmpty() ? "" : "[" + entry.pid() + "]").append(' ');
    }
    if (!entry.source().isEmpty() && !entry.source().equals(entry.name())) {
      line.append(entry.source()).append(": ");
    }
    line.append(entry.message().replace("\n", "\n    "));
    entry.fields().forEach((key, value) -> line.append(' ').append(key).append('=').append(value));
    return line.toString();
  }

  private String painted(String level) {
    return switch (level) {
      case "error", "fatal", "panic", "critical" -> paint.apply("bold,red", level);
      case "warning" -> paint.apply("yellow", level);
      case "debug", "trace" -> paint.apply("faint", level);
      default -> level;
    };
  }

  private JsonObject json(LogEntry entry, String delta) {
    JsonObject.Builder fields = JsonObject.builder();
    entry.fields().forEach(fields::put);
    return JsonObject.builder()
        .put("record", (long) record)
        .put("time", entry.time().map(Instant::toString).orElse(null))
        .put("delta", delta.isEmpty() ? null : Double.valueOf(delta))
        .put("level", entry.level())
        .put("source", entry.source())
        .put("name", entry.name())
        .put("pid", entry.pid())
        .put("message", entry.message())
        .put("file", entry.file())
        .put("line", (long) entry.line())
        .put("fields", fields.build())
        .build();
  }

  private String csv(LogEntry entry, String delta) {
    String fields =
        entry.fields().entrySet().stream().map(LogWriter::pair).collect(Collectors.joining(" "));
    return List.of(
            String.valueOf(record),
            entry.time().map(Instant::toString).orElse(""),
            delta,
            entry.level(),
            entry.source(),
            entry.name(),
            entry.pid(),
            entry.message(),
            entry.file(),
            String.valueOf(entry.line()),
            fields)
        .stream()
        .map(LogWriter::cell)
        .collect(Collectors.joining(","));
  }

  private static String pair(Map.Entry<String, String> field) {
    String value = field.getValue();
    boolean plain =
        !value.isEmpty() && value.chars().noneMatch(c -> c <= ' ' || c == '"' || c == '=');
    return field.getKey()
        + "="
        + (plain ? value : "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
  }

  private static String cell(String text) {
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : "\"" + text.replace("\"", "\"\"") + "\"";
  }
}
