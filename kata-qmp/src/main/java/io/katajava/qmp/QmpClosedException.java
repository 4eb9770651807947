package io.katajava.qmp;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the session ended. Of a command that was under way nobody knows whether QEMU carried
 * it out: ask after {@link QmpClient#reconnect}.
 */
public final class QmpClosedException extends QmpException {
  QmpClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
