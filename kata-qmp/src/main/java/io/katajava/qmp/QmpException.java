package io.katajava.qmp;

import io.katajava.base.text.PrintableText;
import org.jspecify.annotations.Nullable;

/**
 * The base class of the exceptions of QMP. The subclasses follow what the caller can do about it.
 */
public class QmpException extends RuntimeException {

  /**
   * Creates the exception.
   *
   * @param message what was attempted, on what, and why it failed
   * @param cause the cause, if any
   */
  public QmpException(String message, @Nullable Throwable cause) {
    super(PrintableText.lines(message), cause);
  }
}
