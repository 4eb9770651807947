package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A JSON object, written as it is built: short reports need no library for that. */
final class JsonText {
  private final Map<String, Object> members = new LinkedHashMap<>();

  private JsonText() {}

  static JsonText object() {
    return new JsonText();
  }

  /** Adds a member: a text, number, boolean, object, or a list of these. */
  JsonText with(String name, Object value) {
    members.put(name, value);
    return this;
  }

  @Override
  public String toString() {
    return PrintableText.json(text(this, ""));
  }

  private static String text(Object value, String indent) {
    String deeper = indent + "  ";
    if (value instanceof JsonText object) {
      return object.members.isEmpty()
          ? "{}"
          : object.members.entrySet().stream()
              .map(
                  member ->
                      deeper + quoted(member.getKey()) + ": " + text(member.getValue(), deeper))
              .collect(Collectors.joining(",\n", "{\n", "\n" + indent + "}"));
    } else if (value instanceof List<?> list) {
      return list.isEmpty()
          ? "[]"
          : list.stream()
              .map(element -> deeper + text(element, deeper))
              .collect(Collectors.joining(",\n", "[\n", "\n" + indent + "]"));
    } else if (value instanceof Number || value instanceof Boolean) {
      return value.toString();
    }
    return quoted(value.toString());
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          // Half a surrogate pair cannot be written in UTF-8.
          if (c < 0x20 || Character.isSurrogate(c)) {
            out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }
}
