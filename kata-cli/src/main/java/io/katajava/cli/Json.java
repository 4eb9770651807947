package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import io.katajava.json.JsonArray;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import java.util.Iterator;

/** JSON for people: indented, one member a line. */
final class Json {
  private static final int INDENT = 2;

  private Json() {}

  static String pretty(JsonValue value) {
    StringBuilder out = new StringBuilder();
    write(value, 0, out);
    return PrintableText.json(out.append('\n').toString());
  }

  private static void write(JsonValue value, int depth, StringBuilder out) {
    if (value instanceof JsonObject object && !object.isEmpty()) {
      out.append("{\n");
      Iterator<String> names = object.names().iterator();
      while (names.hasNext()) {
        String name = names.next();
        JsonValue member = object.get(name);
        indent(depth + 1, out).append(new JsonString(name).toJson()).append(": ");
        if (member != null) {
          write(member, depth + 1, out);
        }
        out.append(names.hasNext() ? ",\n" : "\n");
      }
      indent(depth, out).append('}');
    } else if (value instanceof JsonArray array && !array.values().isEmpty()) {
      out.append("[\n");
      Iterator<JsonValue> elements = array.values().iterator();
      while (elements.hasNext()) {
        write(elements.next(), depth + 1, indent(depth + 1, out));
        out.append(elements.hasNext() ? ",\n" : "\n");
      }
      indent(depth, out).append(']');
    } else {
      out.append(value.toJson());
    }
  }

  private static StringBuilder indent(int depth, StringBuilder out) {
    return out.append(" ".repeat(depth * INDENT));
  }
}
