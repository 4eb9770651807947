package io.katajava.config.internal;

/**
 * How deep a text nests, found before a recursive parser sees it. Strings and comments are skipped;
 * a text that is not TOML is judged all the same, the parser will tell what is wrong with it.
 */
final class NestingScan {
  /** The deepest nesting, of brackets and of dotted keys; Kata's own files have 3. */
  static final int LIMIT = 32;

  private final String text;
  private int at;
  private int line = 1;
  private int lineStart;
  private int depth;
  private int dots;

  private NestingScan(String text) {
    this.text = text;
  }

  /**
   * A place that is too deep.
   *
   * @param line from 1
   * @param column from 1
   */
  record Place(int line, int column) {}

  /** The first place that is too deep, or null. */
  static @org.jspecify.annotations.Nullable Place tooDeep(String text) {
    return new NestingScan(text).scan();
  }

  private @org.jspecify.annotations.Nullable Place scan() {
    while (at < text.length()) {
      char c = text.charAt(at);
      switch (c) {
        case '#' -> skipComment();
        case '"', '\'' -> skipString(c);
        case '\n' -> newLine();
        default -> {
          count(c);
          if (depth > LIMIT || dots > LIMIT) {
            return new Place(line, at - lineStart + 1);
          }
          at++;
        }
      }
    }
    return null;
  }

  private void count(char c) {
    switch (c) {
      case '[', '{' -> depth++;
      case ']', '}' -> depth = Math.max(0, depth - 1);
      case '.' -> dots++;
      case '=', ',' -> dots = 0;
      default -> {}
    }
  }

  private void newLine() {
    at++;
    line++;
    lineStart = at;
    dots = 0;
  }

  private void skipComment() {
    while (at < text.length() && text.charAt(at) != '\n') {
      at++;
    }
  }

  private void skipString(char quote) {
    String three = String.valueOf(quote).repeat(3);
    boolean multiLine = text.startsWith(three, at);
    at += multiLine ? 3 : 1;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\\' && quote == '"') {
        at++;
        if (at < text.length() && text.charAt(at) != '\n') {
          at++;
        }
      } else if (multiLine && text.startsWith(three, at)) {
        at += 3;
        return;
      } else if (c == quote && !multiLine) {
        at++;
        return;
      } else if (c == '\n') {
        // A string of one line ends here, however broken it is.
        if (!multiLine) {
          return;
        }
        newLine();
      } else {
        at++;
      }
    }
  }
}
