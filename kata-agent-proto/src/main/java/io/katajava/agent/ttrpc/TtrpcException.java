package io.katajava.agent.ttrpc;

import io.katajava.base.text.PrintableText;
import org.jspecify.annotations.Nullable;

/** A call that did not succeed: refused by the server, late, given up, or cut off. */
public final class TtrpcException extends RuntimeException {
  private final TtrpcStatus status;

  /**
   * Creates the exception. A server's handler throws it to choose the status of the reply.
   *
   * @param status anything but {@link TtrpcStatus#OK}
   * @param message what happened
   */
  public TtrpcException(TtrpcStatus status, String message) {
    this(status, message, null);
  }

  /**
   * Creates the exception with its cause.
   *
   * @param status anything but {@link TtrpcStatus#OK}
   * @param message what happened
   * @param cause why, if known
   */
  public TtrpcException(TtrpcStatus status, String message, @Nullable Throwable cause) {
    super(PrintableText.lines(message), cause);
    this.status = status;
  }

  /**
   * Returns the status.
   *
   * @return never {@link TtrpcStatus#OK}
   */
  public TtrpcStatus status() {
    return status;
  }
}
