package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import io.katajava.json.JsonArray;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import java.util.Iterator;
import java.util.Map;

/** JSON for people: a member or element per line. */
final class IndentedJson {
  private static final int STEP = 2;

  private IndentedJson() {}

  static String of(JsonValue value) {
    StringBuilder out = new StringBuilder();
    write(value, 0, out);
    return PrintableText.json(out.toString());
  }

  private static void write(JsonValue value, int depth, StringBuilder out) {
    if (value instanceof JsonObject object && !object.isEmpty()) {
      out.append("{\n");
      Iterator<Map.Entry<String, JsonValue>> members = object.asMap().entrySet().iterator();
      while (members.hasNext()) {
        Map.Entry<String, JsonValue> member = members.next();
        indent(depth + 1, out).append(new JsonString(member.getKey()).toJson()).append(": ");
        write(member.getValue(), depth + 1, out);
        out.append(members.hasNext() ? ",\n" : "\n");
      }
      indent(depth, out).append('}');
    } else if (value instanceof JsonArray array && !array.values().isEmpty()) {
      out.append("[\n");
      Iterator<JsonValue> elements = array.values().iterator();
      while (elements.hasNext()) {
        indent(depth + 1, out);
        write(elements.next(), depth + 1, out);
        out.append(elements.hasNext() ? ",\n" : "\n");
      }
      indent(depth, out).append(']');
    } else {
      out.append(value.toJson());
    }
  }

  private static StringBuilder indent(int depth, StringBuilder out) {
    return out.append(" ".repeat(depth * STEP));
  }
}
