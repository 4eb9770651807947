package io.katajava.qmp;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when no session could be opened: nobody listens, the monitor is busy, or the peer is not
 * the expected one.
 */
public final class QmpConnectException extends QmpException {
  QmpConnectException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
