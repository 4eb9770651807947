package io.katajava.base.threads;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where threads of this library begin. They are daemons, have a name, and whatever
 * ends one before its time, an {@link Error} included, is told to its owner: whoever waits for what
 * the thread was to do would wait for ever.
 *
 * <p>Memory may be short at that moment, and telling may need some: it is tried again until it
 * succeeds, for {@link #TELLING} at most.
 */
public final class OwnedThreads {
  /** How long it is tried to tell an owner. */
  public static final Duration TELLING = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(OwnedThreads.class);
  private static final long PAUSE_MILLIS = 50;

  private OwnedThreads() {}

  /**
   * Makes a thread that is not started yet.
   *
   * @param name its name
   * @param work what it does
   * @param owner is told what ended the work, unless it ended by returning; runs on the thread
   * @return the thread, a daemon
   */
  public static Thread make(String name, Runnable work, Consumer<? super Throwable> owner) {
    Thread thread = new Thread(() -> run(name, work, owner), name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Starts a thread.
   *
   * @param name its name
   * @param work what it does
   * @param owner is told what ended the work, unless it ended by returning; runs on the thread
   * @return the running thread, a daemon
   * @throws OutOfMemoryError if the system has no thread to give; the owner is not told then
   */
  public static Thread start(String name, Runnable work, Consumer<? super Throwable> owner) {
    Thread thread = make(name, work, owner);
    thread.start();
    return thread;
  }

  private static void run(String name, Runnable work, Consumer<? super Throwable> owner) {
    try {
      work.run();
    } catch (Throwable e) {
      tell(name, e, owner);
    }
  }

  /**
   * Tells an owner what went wrong, again and again if that fails for want of memory, and logs it.
   *
   * @param what whose work it was, for the log
   * @param problem what ended the work
   * @param owner is told; may be called several times, when it fails
   */
  public static void tell(String what, Throwable problem, Consumer<? super Throwable> owner) {
    long until = System.nanoTime() + TELLING.toNanos();
    boolean interrupted = false;
    while (true) {
      try {
        owner.accept(problem);
        break;
      } catch (Throwable e) {
        if (System.nanoTime() - until >= 0) {
          logged(what + ", and its owner could not be told", e);
          break;
        }
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        // Telling goes on: somebody waits for it.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    logged(what, problem);
  }

  /** Logging is the least important, and may need memory too. */
  private static void logged(String what, Throwable problem) {
    try {
      log.error("{} ended before its time", what, problem);
    } catch (Throwable e) {
      // There is nobody left to be told.
      return;
    }
  }

  /**
   * Threads for an executor whose tasks tell of their own failures, such as those of futures. A
   * task that fails all the same is logged.
   *
   * @param prefix of their names; a number follows
   * @return makes daemons
   */
  public static ThreadFactory factory(String prefix) {
    return factory(prefix, UnaryOperator.identity());
  }

  /**
   * As {@link #factory(String)}.
   *
   * @param prefix of their names; a number follows
   * @param around what is put around all that such a thread does
   * @return makes daemons
   */
  public static ThreadFactory factory(String prefix, UnaryOperator<Runnable> around) {
    AtomicInteger number = new AtomicInteger();
    return work -> make(prefix + number.incrementAndGet(), around.apply(work), problem -> {});
  }

  /**
   * A pool of threads that go when they are idle.
   *
   * @param prefix of their names
   * @param threads how many at most
   * @param idle when they go
   * @param queue where tasks wait
   * @return the pool
   */
  public static ThreadPoolExecutor pool(
      String prefix, int threads, Duration idle, BlockingQueue<Runnable> queue) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads, threads, idle.toNanos(), TimeUnit.NANOSECONDS, queue, factory(prefix));
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /**
   * Hands a task to an executor; one that cannot take it (it was shut down, or there is no memory
   * for another thread) does not lose it: it runs here and now.
   *
   * @param executor runs it
   * @param task what must not be lost
   */
  public static void handOver(java.util.concurrent.Executor executor, Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      task.run();
    }
  }
}
