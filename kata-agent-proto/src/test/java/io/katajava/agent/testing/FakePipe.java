package io.katajava.agent.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A pipe of 64 KiB, as the kernel's: a writer waits for room, reads are answered in order. */
final class FakePipe {
  private static final int SIZE = 64 * 1024;

  private record Waiting(int max, CompletableFuture<byte[]> answer) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final byte[] ring = new byte[SIZE];
  private final ArrayDeque<Waiting> readers = new ArrayDeque<>();
  private int start;
  private int count;
  private boolean ended;

  /** At least one byte, or none at the end of the stream. */
  CompletableFuture<byte[]> read(int max) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    lock.lock();
    try {
      readers.add(new Waiting(max, answer));
      feed();
    } finally {
      lock.unlock();
    }
    return answer;
  }

  void write(byte[] data, int offset, int length) throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      int done = 0;
      while (done < length) {
        while (count == SIZE && !ended) {
          room.await();
        }
        if (ended) {
          throw new IOException("the pipe is closed");
        }
        int piece = Math.min(SIZE - count, length - done);
        for (int i = 0; i < piece; i++) {
          ring[(start + count + i) % SIZE] = data[offset + done + i];
        }
        count += piece;
        done += piece;
        feed();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What was written stays readable. */
  void end() {
    lock.lock();
    try {
      ended = true;
      room.signalAll();
      feed();
    } finally {
      lock.unlock();
    }
  }

  boolean isDrained() {
    lock.lock();
    try {
      return ended && count == 0;
    } finally {
      lock.unlock();
    }
  }

  private void feed() {
    while (!readers.isEmpty() && (count > 0 || ended)) {
      Waiting next = readers.remove();
      byte[] data = new byte[Math.min(next.max, count)];
      for (int i = 0; i < data.length; i++) {
        data[i] = ring[(start + i) % SIZE];
      }
      if (next.answer.complete(data)) {
        start = (start + data.length) % SIZE;
        count -= data.length;
        room.signalAll();
      }
    }
  }

  OutputStream writer() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] data, int offset, int length) throws IOException {
        try {
          FakePipe.this.write(data, offset, length);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("killed");
        }
      }
    };
  }

  InputStream reader() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
          return 0;
        }
        try {
          byte[] data = FakePipe.this.read(length).get();
          System.arraycopy(data, 0, target, offset, data.length);
          return data.length == 0 ? -1 : data.length;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("killed");
        } catch (ExecutionException e) {
          throw new IOException(e.getCause());
        }
      }
    };
  }
}
