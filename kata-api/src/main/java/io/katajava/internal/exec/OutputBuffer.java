package io.katajava.internal.exec;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One output stream as an {@link InputStream}, bounded: when it is full no more is asked of the
 * guest. Closing it throws away what is there and what comes.
 */
public final class OutputBuffer extends InputStream implements OutputSink {
  /** How much memory is taken before the guest is not asked for more. */
  static final int CAPACITY = 1 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ByteQueue held = new ByteQueue();
  private boolean ended;
  private @Nullable Throwable broken;
  private @Nullable Runnable listener;
  private boolean discarding;
  private @Nullable Runnable parked;
  private volatile @Nullable Patience patience;

  /** Reads wait no longer than this for the guest. */
  void patience(Patience limit) {
    patience = limit;
  }

  @Override
  public boolean accept(byte[] chunk, Runnable resume) {
    lock.lock();
    try {
      if (discarding) {
        return true;
      }
      held.add(chunk);
      changed.signalAll();
      if (held.cost() >= CAPACITY) {
        parked = resume;
        return false;
      }
      return true;
    } finally {
      lock.unlock();
      tellListener();
    }
  }

  @Override
  public void end(@Nullable Throwable failure) {
    lock.lock();
    try {
      ended = true;
      broken = failure;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tellListener();
  }

  private void tellListener() {
    Runnable told;
    lock.lock();
    try {
      told = listener;
      listener = null;
    } finally {
      lock.unlock();
    }
    if (told != null) {
      told.run();
    }
  }

  /** What {@link #poll} found. */
  record Polled(@Nullable ByteBuffer chunk, boolean ended, @Nullable Throwable failure) {}

  /**
   * Takes the next chunk without waiting.
   *
   * @param ready run once when there is something to poll again, if there was nothing now
   */
  Polled poll(Runnable ready) {
    Runnable resume;
    ByteBuffer chunk;
    lock.lock();
    try {
      if (held.isEmpty()) {
        if (ended || discarding) {
          return new Polled(null, true, broken);
        }
        listener = ready;
        return new Polled(null, false, null);
      }
      chunk = held.poll();
      resume = released();
    } finally {
      lock.unlock();
    }
    if (resume != null) {
      resume.run();
    }
    return new Polled(chunk, false, null);
  }

  /** Room was made; tells whether the guest is to be asked for more. The lock is held. */
  private @Nullable Runnable released() {
    Runnable resume = null;
    if (parked != null && held.size() <= CAPACITY / 2) {
      resume = parked;
      parked = null;
    }
    return resume;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    Runnable resume = null;
    int copied = 0;
    lock.lock();
    try {
      awaitAny();
      copied = held.read(target, offset, length);
      if (copied == 0 && broken != null && !discarding) {
        throw new IOException("the output broke off: " + broken.getMessage(), broken);
      }
      resume = released();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for output");
    } finally {
      lock.unlock();
    }
    if (resume != null) {
      resume.run();
    }
    return copied == 0 ? -1 : copied;
  }

  /** The lock is held. */
  private void awaitAny() throws InterruptedException, IOException {
    Patience limit = patience;
    long left = limit == null ? 0 : limit.next().toNanos();
    while (held.isEmpty() && !ended && !discarding) {
      if (limit == null) {
        changed.await();
      } else if (left <= 0) {
        throw limit.exhausted("reading its output");
      } else {
        left = changed.awaitNanos(left);
      }
    }
  }

  @Override
  public int available() {
    lock.lock();
    try {
      return (int) Math.min(Integer.MAX_VALUE, held.size());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    Runnable resume;
    lock.lock();
    try {
      discarding = true;
      held.clear();
      resume = parked;
      parked = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tellListener();
    if (resume != null) {
      resume.run();
    }
  }
}
