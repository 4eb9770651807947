package io.katajava.qemu.internal;

import io.katajava.base.text.PrintableText;
import io.katajava.base.threads.OwnedThreads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps the end of a stream the guest may flood: a thread reads all of it, a ring holds the last 64
 * KiB, and control characters are taken out before anybody sees it.
 */
final class OutputTail {
  static final int CAPACITY = 64 << 10;
  private static final long JOIN_MILLIS = 2000;

  private final byte[] ring = new byte[CAPACITY];
  private final ReentrantLock lock = new ReentrantLock();
  private final Thread reader;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private long written;

  OutputTail(String name, InputStream from) {
    // Its writer sees a closed pipe then, rather than one that fills up and holds it.
    reader = OwnedThreads.start(name, () -> read(from), problem -> note(problem.toString()));
  }

  private void read(InputStream from) {
    byte[] buffer = new byte[8192];
    try (from) {
      for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
        append(buffer, n);
      }
    } catch (IOException e) {
      note(String.valueOf(e.getMessage()));
    } finally {
      ended.complete(null);
    }
  }

  private void note(String reason) {
    append(("[broke off: " + reason + "]").getBytes(StandardCharsets.UTF_8));
  }

  /** Runs it when the stream has ended. */
  void onEnd(Runnable action) {
    ended.thenRun(action);
  }

  private void append(byte[] text) {
    append(text, text.length);
  }

  private void append(byte[] bytes, int length) {
    lock.lock();
    try {
      for (int i = 0; i < length; i++) {
        ring[(int) (written++ % CAPACITY)] = bytes[i];
      }
    } finally {
      lock.unlock();
    }
  }

  /** What was kept, as lines of printable text. */
  String text() {
    byte[] kept;
    lock.lock();
    try {
      int length = (int) Math.min(written, CAPACITY);
      kept = new byte[length];
      for (int i = 0; i < length; i++) {
        kept[i] = ring[(int) ((written - length + i) % CAPACITY)];
      }
    } finally {
      lock.unlock();
    }
    return PrintableText.console(new String(kept, StandardCharsets.UTF_8));
  }

  /** Waits until the stream has ended; its writer must have ended before. */
  void join() throws InterruptedException {
    reader.join(JOIN_MILLIS);
  }
}
