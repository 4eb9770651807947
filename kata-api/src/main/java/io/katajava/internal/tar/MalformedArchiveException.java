package io.katajava.internal.tar;

import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** An archive that is none, or says what no file system has. */
public final class MalformedArchiveException extends IOException {
  private static final int SHOWN = 200;

  MalformedArchiveException(String message) {
    super(PrintableText.lines(message));
  }

  /**
   * For messages: the bytes as what they most likely are, on one line.
   *
   * @param bytes one byte a character
   * @return printable text
   */
  public static String readable(String bytes) {
    return PrintableText.line(
        new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8), SHOWN);
  }
}
