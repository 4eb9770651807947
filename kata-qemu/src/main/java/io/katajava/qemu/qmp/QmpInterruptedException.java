package io.katajava.qemu.qmp;

/** The thread was interrupted while it waited; its interrupt flag is still set. */
public final class QmpInterruptedException extends QmpException {
  QmpInterruptedException(String attempted, InterruptedException cause) {
    super("interrupted while waiting for " + attempted, cause);
  }
}
