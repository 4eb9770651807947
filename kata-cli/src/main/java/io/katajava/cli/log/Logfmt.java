package io.katajava.cli.log;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Lines of {@code key=value}, as logrus' text formatter writes them. */
final class Logfmt {
  private final String line;
  private int at;

  private Logfmt(String line) {
    this.line = line;
  }

  /** The fields; empty when the line is not of that kind. */
  static Optional<Map<String, String>> parse(String line) {
    return new Logfmt(line).fields();
  }

  private Optional<Map<String, String>> fields() {
    Map<String, String> fields = new LinkedHashMap<>();
    skipSpaces();
    while (at < line.length()) {
      String key = key();
      if (key.isEmpty() || at >= line.length() || line.charAt(at) != '=') {
        return Optional.empty();
      }
      at++;
      Optional<String> value = value();
      if (value.isEmpty()) {
        return Optional.empty();
      }
      String name = key;
      for (int n = 2; fields.containsKey(name) && !value.get().equals(fields.get(name)); n++) {
        name = key + "." + n;
      }
      fields.put(name, value.get());
      skipSpaces();
    }
    return fields.containsKey("msg") || fields.containsKey("level")
        ? Optional.of(fields)
        : Optional.empty();
  }

  private void skipSpaces() {
    while (at < line.length() && line.charAt(at) == ' ') {
      at++;
    }
  }

  private String key() {
    int start = at;
    while (at < line.length()
        && line.charAt(at) != '='
        && line.charAt(at) > ' '
        && line.charAt(at) != '"') {
      at++;
    }
    return line.substring(start, at);
  }

  private Optional<String> value() {
    if (at < line.length() && line.charAt(at) == '"') {
      return quoted();
    }
    int start = at;
    while (at < line.length() && line.charAt(at) != ' ') {
      at++;
    }
    return Optional.of(line.substring(start, at));
  }

  /** Escaped as by Go's %q. */
  private Optional<String> quoted() {
    StringBuilder out = new StringBuilder();
    at++;
    while (at < line.length()) {
      char c = line.charAt(at++);
      if (c == '"') {
        return Optional.of(out.toString());
      }
      if (c != '\\') {
        out.append(c);
      } else if (at < line.length() && !escape(out)) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private boolean escape(StringBuilder out) {
    char c = line.charAt(at++);
    switch (c) {
      case 'n' -> out.append('\n');
      case 't' -> out.append('\t');
      case 'r' -> out.append('\r');
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'v' -> out.append('\u000b');
      case 'x' -> {
        return codePoint(out, 2);
      }
      case 'u' -> {
        return codePoint(out, 4);
      }
      case 'U' -> {
        return codePoint(out, 8);
      }
      default -> out.append(c);
    }
    return true;
  }

  private boolean codePoint(StringBuilder out, int digits) {
    if (at + digits > line.length()) {
      return false;
    }
    try {
      int value = Integer.parseInt(line.substring(at, at + digits), 16);
      if (!Character.isValidCodePoint(value)) {
        return false;
      }
      out.appendCodePoint(value);
      at += digits;
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
