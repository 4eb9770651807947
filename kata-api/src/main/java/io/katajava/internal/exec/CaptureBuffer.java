package io.katajava.internal.exec;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Keeps all of one output stream, up to a limit; beyond it the owner is told once. */
final class CaptureBuffer implements OutputSink {
  private final long limit;
  private final Runnable onOverflow;
  private final Consumer<Throwable> onBroken;
  private final ReentrantLock lock = new ReentrantLock();
  private final ByteQueue kept = new ByteQueue();
  private boolean overflowed;

  /**
   * Keeps nothing yet.
   *
   * @param limit the most bytes
   * @param onOverflow is told once that there were more
   * @param onBroken is told why the stream broke off, if it did
   */
  CaptureBuffer(long limit, Runnable onOverflow, Consumer<Throwable> onBroken) {
    this.limit = limit;
    this.onOverflow = onOverflow;
    this.onBroken = onBroken;
  }

  @Override
  public boolean accept(byte[] chunk, Runnable resume) {
    boolean tell = false;
    lock.lock();
    try {
      if (kept.size() + chunk.length <= limit) {
        kept.add(chunk);
      } else if (!overflowed) {
        overflowed = true;
        tell = true;
      }
    } finally {
      lock.unlock();
    }
    if (tell) {
      onOverflow.run();
    }
    return true;
  }

  @Override
  public void end(@Nullable Throwable failure) {
    if (failure != null) {
      onBroken.accept(failure);
    }
  }

  /** How many bytes of memory it takes. */
  long cost() {
    lock.lock();
    try {
      return kept.cost();
    } finally {
      lock.unlock();
    }
  }

  /** What was kept, which is then held no longer. */
  byte[] takeAll() {
    lock.lock();
    try {
      return kept.takeAll();
    } finally {
      lock.unlock();
    }
  }
}
