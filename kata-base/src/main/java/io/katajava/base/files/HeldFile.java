package io.katajava.base.files;

import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A file held against other threads and other processes, by one alone or by many together. The
 * kernel gives it back when this process ends, however it ends. A thread must not take it twice.
 *
 * <p>Locks of files (fcntl(2)) are the process's: a second channel to the file would, when closed,
 * drop the lock of the first. So threads of this process agree among themselves, and only the first
 * of them opens the file.
 */
public final class HeldFile implements AutoCloseable {
  private static final Map<Path, Threads> THREADS = new ConcurrentHashMap<>();
  private static final int MANY = 1 << 16;
  private static final long POLL_MILLIS = 20;

  /** A link in the place of the file is refused: it would be made where it leads. */
  private static final Set<OpenOption> OPTIONS =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          LinkOption.NOFOLLOW_LINKS);

  /** The process has one lock on the file, however many of its threads share it. */
  private static final class Threads {
    final Semaphore permits = new Semaphore(MANY, true);
    final Semaphore file = new Semaphore(1, true);
    int sharing;
    @Nullable FileChannel shared;
  }

  /** It was not free in time. */
  public static final class Busy extends IOException {
    private Busy(Path file, Duration limit) {
      super(
          PrintableText.line(
              "another thread or process held "
                  + file
                  + " for longer than "
                  + limit.truncatedTo(ChronoUnit.MILLIS)));
    }
  }

  private final Threads threads;
  private final @Nullable FileChannel alone;

  private HeldFile(Threads threads, @Nullable FileChannel alone) {
    this.threads = threads;
    this.alone = alone;
  }

  /**
   * Takes the file for this thread alone, if it is free now.
   *
   * @param file the file, which is made
   * @param attributes of the file when it is made
   * @return empty if another thread or process has it
   * @throws IOException if it cannot be opened
   */
  public static Optional<HeldFile> tryAlone(Path file, FileAttribute<?>... attributes)
      throws IOException {
    Threads threads = threads(file);
    if (!threads.permits.tryAcquire(MANY)) {
      return Optional.empty();
    }
    FileChannel channel = null;
    boolean held = false;
    try {
      channel = FileChannel.open(file, OPTIONS, attributes);
      held = locks(channel, false);
      return held ? Optional.of(new HeldFile(threads, channel)) : Optional.empty();
    } finally {
      if (!held) {
        close(channel, threads, MANY);
      }
    }
  }

  /**
   * Whether a thread of this process has it.
   *
   * @param file the file
   * @return whether one has it, alone or with others
   */
  public static boolean isHeldHere(Path file) {
    return threads(file).permits.availablePermits() < MANY;
  }

  /**
   * Takes the file for this thread alone.
   *
   * @param file the file, which is made
   * @param limit how long to wait
   * @return the file
   * @throws Busy if it is not free by then
   * @throws IOException if it cannot be opened
   * @throws InterruptedException if the thread is interrupted
   */
  public static HeldFile alone(Path file, Duration limit) throws IOException, InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    Threads threads = take(file, MANY, limit);
    FileChannel channel = null;
    try {
      channel = lock(file, false, limit, end);
      return new HeldFile(threads, channel);
    } finally {
      if (channel == null) {
        threads.permits.release(MANY);
      }
    }
  }

  /**
   * Takes the file together with others who share it.
   *
   * @param file the file, which is made
   * @param limit how long to wait
   * @return the file
   * @throws Busy if somebody has it alone until then
   * @throws IOException if it cannot be opened
   * @throws InterruptedException if the thread is interrupted
   */
  public static HeldFile shared(Path file, Duration limit)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    Threads threads = take(file, 1, limit);
    boolean held = false;
    try {
      if (!threads.file.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        throw new Busy(file, limit);
      }
      try {
        if (threads.sharing == 0) {
          threads.shared = lock(file, true, limit, end);
        }
        threads.sharing++;
        held = true;
      } finally {
        threads.file.release();
      }
      return new HeldFile(threads, null);
    } finally {
      if (!held) {
        threads.permits.release();
      }
    }
  }

  private static Threads threads(Path file) {
    return THREADS.computeIfAbsent(file.toAbsolutePath().normalize(), key -> new Threads());
  }

  private static Threads take(Path file, int permits, Duration limit)
      throws IOException, InterruptedException {
    Threads threads = threads(file);
    if (!threads.permits.tryAcquire(permits, limit.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new Busy(file, limit);
    }
    return threads;
  }

  private static FileChannel lock(Path file, boolean shared, Duration limit, long end)
      throws IOException, InterruptedException {
    FileChannel channel = FileChannel.open(file, OPTIONS);
    boolean held = false;
    try {
      // The operating system has no lock call with a time limit, hence the short sleeps.
      held = locks(channel, shared);
      while (!held) {
        if (System.nanoTime() - end >= 0) {
          throw new Busy(file, limit);
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        held = locks(channel, shared);
      }
      return channel;
    } finally {
      if (!held) {
        channel.close();
      }
    }
  }

  private static boolean locks(FileChannel channel, boolean shared) throws IOException {
    try {
      FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // This class was loaded twice.
      return false;
    }
  }

  private static void close(@Nullable FileChannel channel, Threads threads, int permits)
      throws IOException {
    try {
      if (channel != null) {
        channel.close();
      }
    } finally {
      threads.permits.release(permits);
    }
  }

  /** Gives it back. */
  @Override
  public void close() throws IOException {
    if (alone != null) {
      close(alone, threads, MANY);
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
