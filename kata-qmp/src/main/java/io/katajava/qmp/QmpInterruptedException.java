package io.katajava.qmp;

/** Thrown when the thread was interrupted while it waited; its interrupt flag is still set. */
public final class QmpInterruptedException extends QmpException {
  /**
   * Creates the exception.
   *
   * @param attempted what was waited for
   * @param cause the interrupt
   */
  public QmpInterruptedException(String attempted, InterruptedException cause) {
    super("interrupted while waiting for " + attempted, cause);
  }
}
