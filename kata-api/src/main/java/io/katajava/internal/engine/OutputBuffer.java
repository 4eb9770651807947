package io.katajava.internal.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One output stream as an {@link InputStream}, bounded: when it is full no more is asked of the
 * guest. Closing it throws away what is there and what comes.
 */
final class OutputBuffer extends InputStream implements OutputSink {
  /** How much is held before the guest is not asked for more. */
  static final int CAPACITY = 1 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<byte[]> chunks = new ArrayDeque<>();
  private int headOffset;
  private int held;
  private boolean ended;
  private @Nullable Throwable broken;
  private @Nullable Runnable listener;
  private boolean discarding;
  private @Nullable Runnable parked;

  @Override
  public boolean accept(byte[] chunk, Runnable resume) {
    lock.lock();
    try {
      if (discarding) {
        return true;
      }
      chunks.add(chunk);
      held += chunk.length;
      changed.signalAll();
      if (held >= CAPACITY) {
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
      if (chunks.isEmpty()) {
        if (ended || discarding) {
          return new Polled(null, true, broken);
        }
        listener = ready;
        return new Polled(null, false, null);
      }
      byte[] head = chunks.removeFirst();
      chunk = ByteBuffer.wrap(head, headOffset, head.length - headOffset).slice();
      headOffset = 0;
      resume = released(chunk.remaining());
    } finally {
      lock.unlock();
    }
    if (resume != null) {
      resume.run();
    }
    return new Polled(chunk, false, null);
  }

  /** Room was made; tells whether the guest is to be asked for more. The lock is held. */
  private @Nullable Runnable released(int bytes) {
    held -= bytes;
    Runnable resume = null;
    if (parked != null && held <= CAPACITY / 2) {
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
      while (chunks.isEmpty() && !ended && !discarding) {
        changed.await();
      }
      while (copied < length && !chunks.isEmpty()) {
        byte[] head = chunks.getFirst();
        int part = Math.min(length - copied, head.length - headOffset);
        System.arraycopy(head, headOffset, target, offset + copied, part);
        copied += part;
        headOffset += part;
        if (headOffset == head.length) {
          chunks.removeFirst();
          headOffset = 0;
        }
      }
      if (copied == 0 && broken != null && !discarding) {
        throw new IOException("the output broke off: " + broken.getMessage(), broken);
      }
      resume = released(copied);
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

  @Override
  public int available() {
    lock.lock();
    try {
      return held;
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
      chunks.clear();
      headOffset = 0;
      held = 0;
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
