package io.katajava.compress;

import java.io.IOException;

/**
 * Data that does not have the form it should have: damaged, cut off, or followed by something else.
 * An error of the stream it is read from stays the {@link IOException} it was.
 */
public final class MalformedDataException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Makes it.
   *
   * @param message what is wrong, a clause
   */
  public MalformedDataException(String message) {
    super(message);
  }

  /**
   * Makes it.
   *
   * @param message what is wrong, a clause
   * @param cause what was thrown
   */
  public MalformedDataException(String message, Throwable cause) {
    super(message, cause);
  }
}
