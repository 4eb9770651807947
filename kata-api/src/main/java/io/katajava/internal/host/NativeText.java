package io.katajava.internal.host;

import io.katajava.base.text.PrintableText;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;

/**
 * What a JVM can hand to a program. It turns arguments into bytes by its locale, and what that has
 * no characters for becomes a question mark, without a word: another file, another value.
 */
public final class NativeText {
  private static final char REPLACEMENT = '\ufffd';

  private NativeText() {}

  /**
   * Checks a program's arguments and its directory.
   *
   * @param program what will be started
   * @throws IOException if one of them would arrive as something else; the message says what helps
   */
  public static void require(ProcessBuilder program) throws IOException {
    for (String argument : program.command()) {
      require(argument, "the argument");
    }
    File directory = program.directory();
    if (directory != null) {
      require(directory.toString(), "the directory");
    }
  }

  private static void require(String text, String what) throws IOException {
    Charset charset = charset();
    String shown = PrintableText.line(text, 200);
    if (text.indexOf(REPLACEMENT) >= 0) {
      throw new IOException(
          what
              + " '"
              + shown
              + "' cannot be handed to a program: its bytes are no text in the JVM's locale ("
              + charset
              + "); use a name in UTF-8, and start the JVM with LC_ALL=C.UTF-8");
    }
    if (!charset.newEncoder().canEncode(text)) {
      throw new IOException(
          what
              + " '"
              + shown
              + "' cannot be handed to a program: the JVM's locale ("
              + charset
              + ") has no characters for it; start the JVM with LC_ALL=C.UTF-8");
    }
  }

  /**
   * How the JVM turns text into bytes for programs and files.
   *
   * @return the encoding of its locale
   */
  public static Charset charset() {
    try {
      return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      return Charset.defaultCharset();
    }
  }
}
