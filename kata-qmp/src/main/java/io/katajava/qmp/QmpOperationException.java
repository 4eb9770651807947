package io.katajava.qmp;

import org.jspecify.annotations.Nullable;

/** QEMU accepted a command, but what it started failed: the guest keeps a device, a job failed. */
public final class QmpOperationException extends QmpException {
  QmpOperationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
