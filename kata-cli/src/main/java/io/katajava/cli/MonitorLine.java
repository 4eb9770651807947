package io.katajava.cli;

import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import io.katajava.qmp.QmpSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A line of the monitor's shell: a command, then a JSON object or words {@code name=value}. Dots in
 * a name lead into members: {@code addr.host=::1}. What a value is the schema says; where it does
 * not (device_add), JSON is JSON and everything else is a string.
 *
 * @param command the name of the command
 * @param arguments its arguments
 */
record MonitorLine(String command, JsonObject arguments) {

  /**
   * Reads a line.
   *
   * @throws JsonException if the arguments are not what the command takes
   */
  static MonitorLine parse(String line, @Nullable QmpSchema schema) {
    String text = line.strip();
    int end = 0;
    while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
      end++;
    }
    String command = text.substring(0, end);
    String rest = text.substring(end).strip();
    if (rest.startsWith("{")) {
      return new MonitorLine(command, JsonObject.parse(rest));
    }
    Map<String, Object> arguments = new LinkedHashMap<>();
    for (String word : words(rest)) {
      int equals = word.indexOf('=');
      if (equals < 1) {
        throw new JsonException("'" + word + "' is neither name=value nor a JSON object");
      }
      String name = word.substring(0, equals);
      put(arguments, name, value(command, name, word.substring(equals + 1), schema));
    }
    return new MonitorLine(command, object(arguments));
  }

  /** Whether the line holds something that must not be written to a file. */
  boolean hasSecret() {
    return !arguments.redacted().toJson().equals(arguments.toJson());
  }

  /** Splits at white space outside of quotes and brackets. */
  static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    int depth = 0;
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted && c == '\\' && i + 1 < text.length()) {
        word.append(c);
        c = text.charAt(++i);
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == '{' || c == '[')) {
        depth++;
      } else if (!quoted && (c == '}' || c == ']')) {
        depth--;
      } else if (!quoted && depth <= 0 && Character.isWhitespace(c)) {
        if (word.length() > 0) {
          words.add(word.toString());
          word.setLength(0);
        }
        continue;
      }
      word.append(c);
    }
    if (word.length() > 0) {
      words.add(word.toString());
    }
    return words;
  }

  private static JsonValue value(
      String command, String name, String text, @Nullable QmpSchema schema) {
    Set<String> types = schema == null ? Set.of() : schema.argumentTypes(command, name);
    if (types.equals(Set.of("string")) && !text.startsWith("\"")) {
      return new JsonString(text);
    }
    try {
      return JsonValue.parse(text);
    } catch (JsonException e) {
      if (types.isEmpty() || types.contains("string") || types.contains("value")) {
        return new JsonString(text);
      }
      throw new JsonException(
          "argument " + name + " is a JSON " + String.join(" or ", types) + ", not '" + text + "'");
    }
  }

  private static void put(Map<String, Object> into, String name, JsonValue value) {
    Map<String, Object> current = into;
    String[] steps = name.split("\\.", -1);
    for (int i = 0; i < steps.length - 1; i++) {
      Object next = current.computeIfAbsent(steps[i], key -> new LinkedHashMap<String, Object>());
      if (!(next instanceof Map<?, ?> map)) {
        throw new JsonException("'" + name + "' leads into a value that was given before");
      }
      @SuppressWarnings("unchecked") // All maps here are made two lines above.
      Map<String, Object> inner = (Map<String, Object>) map;
      current = inner;
    }
    if (current.put(steps[steps.length - 1], value) != null) {
      throw new JsonException("'" + name + "' is given twice");
    }
  }

  @SuppressWarnings("unchecked") // As above.
  private static JsonObject object(Map<String, Object> members) {
    JsonObject.Builder builder = JsonObject.builder();
    members.forEach(
        (name, value) ->
            builder.put(name, value instanceof Map ? object((Map<String, Object>) value) : value));
    return builder.build();
  }
}
