package io.katajava.json;

import java.util.Iterator;

/** Writes JSON text for people: a member or an element on each line. */
final class IndentedText {
  private static final String STEP = "  ";

  private IndentedText() {}

  static void write(JsonValue value, int depth, StringBuilder out) {
    if (value instanceof JsonObject object && !object.isEmpty()) {
      out.append("{\n");
      for (int i = 0; i < object.size(); i++) {
        indent(depth + 1, out);
        JsonText.writeString(object.nameAt(i), out);
        out.append(": ");
        write(object.valueAt(i), depth + 1, out);
        out.append(i + 1 < object.size() ? ",\n" : "\n");
      }
      indent(depth, out);
      out.append('}');
    } else if (value instanceof JsonArray array && !array.values().isEmpty()) {
      out.append("[\n");
      for (Iterator<JsonValue> elements = array.values().iterator(); elements.hasNext(); ) {
        indent(depth + 1, out);
        write(elements.next(), depth + 1, out);
        out.append(elements.hasNext() ? ",\n" : "\n");
      }
      indent(depth, out);
      out.append(']');
    } else {
      JsonText.write(value, out);
    }
  }

  private static void indent(int depth, StringBuilder out) {
    out.append(STEP.repeat(depth));
  }
}
