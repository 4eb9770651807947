package io.katajava.image.internal;

import io.katajava.Deadline;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A file held against other threads and processes, by one exclusively or by many together. A thread
 * must not take it twice.
 */
final class StoreLock implements AutoCloseable {
  private static final Map<Path, Threads> THREADS = new ConcurrentHashMap<>();
  private static final int MANY = 1 << 16;
  private static final long POLL_MILLIS = 20;

  /** The process has one lock on the file, however many of its threads share it. */
  private static final class Threads {
    final Semaphore permits = new Semaphore(MANY, true);
    final Semaphore file = new Semaphore(1, true);
    int sharing;
    @org.jspecify.annotations.Nullable FileChannel shared;
  }

  private final Threads threads;
  private final @org.jspecify.annotations.Nullable FileChannel exclusive;

  private StoreLock(Threads threads, @org.jspecify.annotations.Nullable FileChannel exclusive) {
    this.threads = threads;
    this.exclusive = exclusive;
  }

  static StoreLock exclusive(Path file, Deadline deadline)
      throws IOException, InterruptedException {
    Threads threads = take(file, MANY, deadline);
    try {
      return new StoreLock(threads, lock(file, false, deadline));
    } catch (IOException | InterruptedException | RuntimeException e) {
      threads.permits.release(MANY);
      throw e;
    }
  }

  static StoreLock shared(Path file, Deadline deadline) throws IOException, InterruptedException {
    Threads threads = take(file, 1, deadline);
    boolean held = false;
    try {
      if (!threads.file.tryAcquire(deadline.remaining().toMillis(), TimeUnit.MILLISECONDS)) {
        throw busy(file, deadline);
      }
      try {
        if (threads.sharing == 0) {
          threads.shared = lock(file, true, deadline);
        }
        threads.sharing++;
        held = true;
      } finally {
        threads.file.release();
      }
      return new StoreLock(threads, null);
    } finally {
      if (!held) {
        threads.permits.release();
      }
    }
  }

  private static Threads take(Path file, int permits, Deadline deadline)
      throws IOException, InterruptedException {
    Threads threads =
        THREADS.computeIfAbsent(file.toAbsolutePath().normalize(), key -> new Threads());
    if (!threads.permits.tryAcquire(
        permits, deadline.remaining().toMillis(), TimeUnit.MILLISECONDS)) {
      throw busy(file, deadline);
    }
    return threads;
  }

  private static FileChannel lock(Path file, boolean shared, Deadline deadline)
      throws IOException, InterruptedException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean held = false;
    try {
      // The operating system has no lock call with a time limit, hence the short sleeps.
      FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
      while (lock == null) {
        if (deadline.isExpired()) {
          throw busy(file, deadline);
        }
        Thread.sleep(POLL_MILLIS);
        lock = channel.tryLock(0, Long.MAX_VALUE, shared);
      }
      held = true;
      return channel;
    } finally {
      if (!held) {
        channel.close();
      }
    }
  }

  private static IOException busy(Path file, Deadline deadline) {
    return new IOException(
        "another thread or process held " + file + " for longer than " + deadline.allowed());
  }

  @Override
  public void close() throws IOException {
    if (exclusive != null) {
      try {
        exclusive.close();
      } finally {
        threads.permits.release(MANY);
      }
      return;
    }
    threads.file.acquireUninterruptibly();
    try {
      threads.sharing--;
      if (threads.sharing == 0 && threads.shared != null) {
        threads.shared.close();
        threads.shared = null;
      }
    } finally {
      threads.file.release();
      threads.permits.release();
    }
  }
}
