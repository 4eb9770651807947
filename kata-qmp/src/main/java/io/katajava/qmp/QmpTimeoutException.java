package io.katajava.qmp;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when an answer or event did not arrive in time. A command may still be carried out later;
 * its late reply is dropped.
 */
public final class QmpTimeoutException extends QmpException {
  private final Duration timeout;
  private final boolean unresponsive;

  QmpTimeoutException(
      String message, Duration timeout, boolean unresponsive, @Nullable Throwable cause) {
    super(message, cause);
    this.timeout = timeout;
    this.unresponsive = unresponsive;
  }

  /**
   * Returns how long was waited.
   *
   * @return the timeout
   */
  public Duration timeout() {
    return timeout;
  }

  /**
   * Tells whether the monitor is silent altogether, see {@link QmpClient#unresponsive}.
   *
   * @return whether nothing at all came from it during the last calls
   */
  public boolean unresponsive() {
    return unresponsive;
  }
}
