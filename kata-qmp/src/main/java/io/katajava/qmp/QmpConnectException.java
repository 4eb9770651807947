package io.katajava.qmp;

import org.jspecify.annotations.Nullable;

/** No session came about: nobody listens, the monitor is busy, or it is not the expected peer. */
public final class QmpConnectException extends QmpException {
  QmpConnectException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
