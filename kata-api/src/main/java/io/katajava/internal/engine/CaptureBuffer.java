package io.katajava.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Keeps all of one output stream, up to a limit; beyond it the owner is told once. */
final class CaptureBuffer implements OutputSink {
  private final long limit;
  private final Runnable onOverflow;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<byte[]> chunks = new ArrayList<>();
  private long size;
  private boolean overflowed;

  CaptureBuffer(long limit, Runnable onOverflow) {
    this.limit = limit;
    this.onOverflow = onOverflow;
  }

  @Override
  public boolean accept(byte[] chunk, Runnable resume) {
    boolean tell = false;
    lock.lock();
    try {
      if (size + chunk.length <= limit) {
        chunks.add(chunk);
        size += chunk.length;
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
  public void end(@Nullable Throwable failure) {}

  byte[] toByteArray() {
    lock.lock();
    try {
      byte[] all = new byte[Math.toIntExact(size)];
      int at = 0;
      for (byte[] chunk : chunks) {
        System.arraycopy(chunk, 0, all, at, chunk.length);
        at += chunk.length;
      }
      return all;
    } finally {
      lock.unlock();
    }
  }
}
