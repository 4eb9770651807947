package io.katajava.cli.log;

import io.katajava.json.JsonArray;
import io.katajava.json.JsonNumber;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;

/** One entry of {@code journalctl -o json}, whose members systemd.journal-fields(7) names. */
final class JournalJson {
  private static final String MESSAGE = "MESSAGE";
  private static final String TIME = "__REALTIME_TIMESTAMP";
  private static final String[] LEVELS = {
    "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"
  };

  private JournalJson() {}

  static boolean isOne(JsonObject object) {
    return object.has(MESSAGE) && object.has(TIME);
  }

  static JournalPrefix read(JsonObject object) {
    String program = text(object, "SYSLOG_IDENTIFIER");
    String pid = text(object, "_PID");
    return new JournalPrefix(
        time(text(object, TIME)),
        text(object, "_HOSTNAME"),
        program.isEmpty() ? text(object, "_COMM") : program,
        pid.isEmpty() ? text(object, "SYSLOG_PID") : pid,
        level(text(object, "PRIORITY")),
        text(object, MESSAGE));
  }

  /** Bytes that are no text come as an array of numbers, what is too large as null. */
  private static String text(JsonObject object, String name) {
    JsonValue value = object.get(name);
    if (value instanceof JsonString string) {
      return string.value();
    }
    if (!(value instanceof JsonArray array)) {
      return "";
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (JsonValue each : array.values()) {
      if (each instanceof JsonNumber number && number.isLong()) {
        bytes.write((int) number.longValue());
      } else if (each instanceof JsonString several) {
        // A field that was given several times.
        return several.value();
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Microseconds since 1970. */
  private static Optional<Instant> time(String micros) {
    if (!micros.matches("\\d{1,18}")) {
      return Optional.empty();
    }
    long all = Long.parseLong(micros);
    return Optional.of(Instant.ofEpochSecond(all / 1_000_000, all % 1_000_000 * 1000));
  }

  private static String level(String priority) {
    return priority.matches("[0-7]") ? LEVELS[priority.charAt(0) - '0'] : "";
  }
}
