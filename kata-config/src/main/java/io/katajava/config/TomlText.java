package io.katajava.config;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Values as TOML literals. */
final class TomlText {
  private TomlText() {}

  static String of(Object value) {
    if (value instanceof String text) {
      return string(text);
    } else if (value instanceof Double number) {
      String plain = new BigDecimal(number.toString()).toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    } else if (value instanceof List<?> list) {
      return list.stream().map(TomlText::of).collect(Collectors.joining(", ", "[", "]"));
    } else if (value instanceof Map<?, ?> table) {
      return table.isEmpty()
          ? "{}"
          : table.entrySet().stream()
              .map(entry -> entry.getKey() + " = " + of(entry.getValue()))
              .collect(Collectors.joining(", ", "{ ", " }"));
    }
    return value.toString();
  }

  static String string(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\b' -> quoted.append("\\b");
                case '\f' -> quoted.append("\\f");
                default -> {
                  if (c < 0x20 || c == 0x7f) {
                    quoted.append(String.format(Locale.ROOT, "\\u%04X", c));
                  } else {
                    quoted.appendCodePoint(c);
                  }
                }
              }
            });
    return quoted.append('"').toString();
  }
}
