package io.katajava.qmp;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the peer sent something that QMP or its schema does not allow: a bug on one of the
 * two sides.
 */
public final class QmpProtocolException extends QmpException {
  private final String received;

  QmpProtocolException(String message, String received, @Nullable Throwable cause) {
    super(message, cause);
    this.received = received;
  }

  /**
   * Returns what was received.
   *
   * @return its beginning, at most some hundred characters, secrets redacted where it was JSON
   */
  public String received() {
    return received;
  }
}
