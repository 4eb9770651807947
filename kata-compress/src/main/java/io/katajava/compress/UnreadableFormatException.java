package io.katajava.compress;

import java.io.IOException;

/**
 * Data that may well be whole but cannot be read here: it needs more memory than there is, a
 * dictionary, or a library that cannot be loaded. Getting the same data again does not help. Damage
 * is a {@link MalformedDataException}.
 */
public final class UnreadableFormatException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Makes it.
   *
   * @param message what cannot be read and why, a clause
   */
  public UnreadableFormatException(String message) {
    super(message);
  }

  /**
   * Makes it.
   *
   * @param message what cannot be read and why, a clause
   * @param cause what was thrown
   */
  public UnreadableFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
