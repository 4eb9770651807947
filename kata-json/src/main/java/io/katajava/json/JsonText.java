package io.katajava.json;

/** Writes JSON text on one line, without white space. */
final class JsonText {
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private JsonText() {}

  static void write(JsonValue value, StringBuilder out) {
    if (value instanceof JsonString string) {
      writeString(string.value(), out);
    } else if (value instanceof JsonObject object) {
      out.append('{');
      for (int i = 0; i < object.size(); i++) {
        if (i > 0) {
          out.append(',');
        }
        writeString(object.nameAt(i), out);
        out.append(':');
        write(object.valueAt(i), out);
      }
      out.append('}');
    } else if (value instanceof JsonArray array) {
      out.append('[');
      String separator = "";
      for (JsonValue element : array.values()) {
        out.append(separator);
        write(element, out);
        separator = ",";
      }
      out.append(']');
    } else if (value instanceof JsonNumber number) {
      out.append(number.toJson());
    } else {
      out.append(value);
    }
  }

  static void writeString(String text, StringBuilder out) {
    out.append('"');
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c == '\n') {
        out.append("\\n");
      } else if (c == '\r') {
        out.append("\\r");
      } else if (c == '\t') {
        out.append("\\t");
      } else if (c < 0x20 || isLoneSurrogate(text, i)) {
        out.append("\\u")
            .append(HEX[c >> 12])
            .append(HEX[(c >> 8) & 15])
            .append(HEX[(c >> 4) & 15])
            .append(HEX[c & 15]);
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }

  /** UTF-8 has no form for half a surrogate pair; the escape keeps it. */
  private static boolean isLoneSurrogate(String text, int i) {
    char c = text.charAt(i);
    if (!Character.isSurrogate(c)) {
      return false;
    }
    if (Character.isHighSurrogate(c)) {
      return i + 1 >= text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return i == 0 || !Character.isHighSurrogate(text.charAt(i - 1));
  }
}
