package io.katajava.base.text;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Makes text of an untrusted origin safe to print. What a terminal obeys (control characters of
 * ASCII and of ISO 6429), what turns the direction of reading or cannot be seen (Unicode's format
 * characters but the two joiners, which scripts need), line and paragraph separators and lone
 * surrogates come out as escapes, such as {@code \x1b} and {@code \u202e}; all else stays.
 *
 * <p>The exceptions of this library, the tables, JSON and progress of its command, and the tails of
 * consoles in its evidence pass through here. Bytes a container writes to its own output do not:
 * they belong to whoever reads them.
 */
public final class PrintableText {
  private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
  private static final int ZERO_WIDTH_JOINER = 0x200d;

  /**
   * ECMA-48: control sequences, then strings up to their terminator, then single functions. No part
   * can match in two ways, so that a flood costs no more than one pass.
   */
  private static final Pattern TERMINAL_SEQUENCE =
      Pattern.compile(
          "(?:\u001b\\[|\u009b)[0-?]*+[ -/]*+[@-~]"
              + "|(?:\u001b[\\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])"
              + "[^\u0007\u001b\u009c\n]*+(?:\u0007|\u001b\\\\|\u009c)"
              + "|\u001b[ -/]*+[0-OQ-WYZ`-~]");

  private PrintableText() {}

  /**
   * Text within a sentence: one line, so that it cannot pass for another message.
   *
   * @param text from anywhere
   * @return the text, with line breaks and tabulators as {@code \n} and {@code \t}, too
   */
  public static String line(String text) {
    return escaped(text, false, false);
  }

  /**
   * The same, cut off.
   *
   * @param text from anywhere
   * @param limit how many characters of it are looked at, at most; positive
   * @return the text, with an ellipsis where it was cut
   */
  public static String line(String text, int limit) {
    if (text.length() <= limit) {
      return line(text);
    }
    int end = Character.isHighSurrogate(text.charAt(limit - 1)) ? limit - 1 : limit;
    return line(text.substring(0, end)) + "…";
  }

  /**
   * A message of several lines, such as an exception's: line feeds and tabulators stay.
   *
   * @param text from anywhere
   * @return the text
   */
  public static String lines(String text) {
    return escaped(text, true, false);
  }

  /**
   * What was written for a terminal, such as a guest's console: colours, cursor movements, titles
   * and other sequences are taken out, and bells; carriage returns begin a line, and the rest is as
   * {@link #lines} makes it.
   *
   * @param text from anywhere
   * @return its words
   */
  public static String console(String text) {
    return lines(
        TERMINAL_SEQUENCE
            .matcher(text)
            .replaceAll("")
            .replaceAll("[\\x00\\x07\\x0e\\x0f]", "")
            .replaceAll("\r+\n", "\n")
            .replace('\r', '\n'));
  }

  /**
   * A JSON document: the same document, in which everything that is not printable is escaped in
   * JSON's way.
   *
   * @param document well-formed JSON
   * @return well-formed JSON that means the same
   */
  public static String json(String document) {
    return escaped(document, true, true);
  }

  private static String escaped(String text, boolean severalLines, boolean json) {
    int plain = 0;
    while (plain < text.length() && isPlain(text.charAt(plain))) {
      plain++;
    }
    if (plain == text.length()) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + 16).append(text, 0, plain);
    for (int at = plain; at < text.length(); ) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      if (isPrintable(c) || (severalLines && (c == '\n' || c == '\t'))) {
        out.appendCodePoint(c);
      } else {
        escape(c, json, out);
      }
    }
    return out.toString();
  }

  private static boolean isPlain(char c) {
    return c >= ' ' && c < 0x7f;
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      case Character.FORMAT -> c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER;
      default -> true;
    };
  }

  private static void escape(int c, boolean json, StringBuilder out) {
    if (json) {
      for (char unit : Character.toChars(c)) {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
      }
      return;
    }
    switch (c) {
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default ->
          out.append(
              String.format(
                  Locale.ROOT, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
    }
  }
}
