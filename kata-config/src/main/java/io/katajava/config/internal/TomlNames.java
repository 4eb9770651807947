package io.katajava.config.internal;

import java.util.Locale;
import java.util.regex.Pattern;

/** Names from a file, made fit to be printed. */
final class TomlNames {
  private static final Pattern BARE = Pattern.compile("[A-Za-z0-9_-]+");
  private static final int LONGEST = 60;

  private TomlNames() {}

  static String bare(String name) {
    return BARE.matcher(name).matches() && name.length() <= LONGEST ? name : quoted(name);
  }

  static String path(String path) {
    return path.length() <= LONGEST && path.chars().allMatch(c -> c > ' ' && c < 0x7f)
        ? path
        : quoted(path);
  }

  /** In quotes, on one line, not longer than what is read with pleasure. */
  static String quoted(String text) {
    String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
    StringBuilder out = new StringBuilder("\"");
    cut.codePoints()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                out.append('\\').appendCodePoint(c);
              } else if (c < 0x20
                  || (c >= 0x7f && c < 0xa0)
                  || Character.getType(c) == Character.FORMAT
                  || Character.getType(c) == Character.SURROGATE) {
                out.append(String.format(Locale.ROOT, "\\u%04X", c));
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.append('"').toString();
  }

  /** A literal, not longer than what is read with pleasure. */
  static String cut(String literal) {
    return literal.length() <= 2 * LONGEST ? literal : literal.substring(0, 2 * LONGEST) + "...";
  }
}
