package io.katajava.qmp;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when QEMU accepted a command, but the operation that it started failed: the guest keeps a
 * device, or a job failed.
 */
public final class QmpOperationException extends QmpException {
  QmpOperationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
