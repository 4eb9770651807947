package io.katajava.json;

import io.katajava.base.text.PrintableText;
import org.jspecify.annotations.Nullable;

/** Text that is not JSON, or JSON that is not what was expected; the message names the path. */
public final class JsonException extends RuntimeException {

  /**
   * Creates the exception.
   *
   * @param message what was expected where, and what was there
   */
  public JsonException(String message) {
    super(PrintableText.lines(message));
  }

  /**
   * Creates the exception.
   *
   * @param message what was expected where, and what was there
   * @param cause what the parser said
   */
  public JsonException(String message, @Nullable Throwable cause) {
    super(PrintableText.lines(message), cause);
  }
}
