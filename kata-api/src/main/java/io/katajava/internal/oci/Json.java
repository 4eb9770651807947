package io.katajava.internal.oci;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Just enough JSON (RFC 8259) to read a profile: maps, lists, strings, numbers, booleans, null. */
public final class Json {
  private static final int MAX_DEPTH = 32;

  private final String text;
  private int at;
  private int depth;

  private Json(String text) {
    this.text = text;
  }

  /**
   * Reads a text that holds one value.
   *
   * @param text the text
   * @return maps, lists, strings, {@link BigDecimal}s, booleans, null
   * @throws IllegalArgumentException if it is malformed
   */
  public static @Nullable Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value();
    json.space();
    if (json.at < text.length()) {
      throw json.malformed("something follows the value");
    }
    return value;
  }

  private @Nullable Object value() {
    space();
    if (at == text.length()) {
      throw malformed("the text ends where a value is expected");
    }
    char c = text.charAt(at);
    if (c == '{') {
      return object();
    } else if (c == '[') {
      return array();
    } else if (c == '"') {
      return string();
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      return number();
    } else if (word("true")) {
      return true;
    } else if (word("false")) {
      return false;
    } else if (word("null")) {
      return null;
    }
    throw malformed("'" + c + "' begins no value");
  }

  private Map<String, @Nullable Object> object() {
    enter();
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    if (!taken('}')) {
      do {
        space();
        String name = string();
        if (!taken(':')) {
          throw malformed("':' is expected");
        }
        if (members.containsKey(name)) {
          throw malformed("'" + name + "' is there twice");
        }
        members.put(name, value());
      } while (taken(','));
      if (!taken('}')) {
        throw malformed("',' or '}' is expected");
      }
    }
    depth--;
    return members;
  }

  private List<@Nullable Object> array() {
    enter();
    List<@Nullable Object> elements = new ArrayList<>();
    if (!taken(']')) {
      do {
        elements.add(value());
      } while (taken(','));
      if (!taken(']')) {
        throw malformed("',' or ']' is expected");
      }
    }
    depth--;
    return elements;
  }

  private void enter() {
    at++;
    depth++;
    if (depth > MAX_DEPTH) {
      throw malformed("it is nested too deep");
    }
  }

  private String string() {
    if (at == text.length() || text.charAt(at) != '"') {
      throw malformed("a string is expected");
    }
    at++;
    StringBuilder out = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at);
      at++;
      if (c == '"') {
        return out.toString();
      } else if (c == '\\') {
        out.append(escaped());
      } else if (c < ' ') {
        throw malformed("a control character is in a string");
      } else {
        out.append(c);
      }
    }
    throw malformed("a string does not end");
  }

  private char escaped() {
    if (at == text.length()) {
      throw malformed("a string does not end");
    }
    char c = text.charAt(at);
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9A-Fa-f]{4}")) {
          throw malformed("four hexadecimal digits are expected");
        }
        at += 4;
        yield (char) Integer.parseInt(text.substring(at - 4, at), 16);
      }
      default -> throw malformed("'\\" + c + "' is no escape");
    };
  }

  private BigDecimal number() {
    int begin = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String digits = text.substring(begin, at);
    if (digits.length() > 40 || !digits.matches("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d{1,3})?")) {
      throw malformed("'" + digits + "' is no number");
    }
    return new BigDecimal(digits);
  }

  private boolean word(String word) {
    boolean there = text.startsWith(word, at);
    if (there) {
      at += word.length();
    }
    return there;
  }

  private boolean taken(char c) {
    space();
    boolean there = at < text.length() && text.charAt(at) == c;
    if (there) {
      at++;
    }
    return there;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException malformed(String why) {
    return new IllegalArgumentException("not JSON at character " + at + ": " + why);
  }
}
