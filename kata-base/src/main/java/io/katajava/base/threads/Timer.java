package io.katajava.base.threads;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Runs tasks later, on one thread that goes when it is idle. A task that throws is told to the
 * timer's owner, and a repeated one goes on: a plain scheduled executor keeps the failure in a
 * future that nobody reads, and repeats no more.
 */
public final class Timer implements AutoCloseable {
  private final String name;
  private final Consumer<? super Throwable> owner;
  private final ScheduledThreadPoolExecutor executor;

  /**
   * Makes a timer without a thread; that is made when there is a task.
   *
   * @param name of its thread
   * @param idle when the thread goes
   * @param owner is told what tasks throw; on the timer's thread
   */
  public Timer(String name, Duration idle, Consumer<? super Throwable> owner) {
    this(name, 1, idle, owner);
  }

  /**
   * As {@link #Timer(String, Duration, Consumer)}, with several threads.
   *
   * @param name of its threads
   * @param threads how many there are at most
   * @param idle when they go
   * @param owner is told what tasks throw
   */
  public Timer(String name, int threads, Duration idle, Consumer<? super Throwable> owner) {
    this.name = name;
    this.owner = owner;
    this.executor = new ScheduledThreadPoolExecutor(threads, OwnedThreads.factory(name + "-"));
    executor.setRemoveOnCancelPolicy(true);
    executor.setKeepAliveTime(idle.toNanos(), TimeUnit.NANOSECONDS);
    executor.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs a task once.
   *
   * @param delay from now on
   * @param task must not block
   * @return cancels it
   * @throws java.util.concurrent.RejectedExecutionException after {@link #close}
   */
  public ScheduledFuture<?> after(Duration delay, Runnable task) {
    return executor.schedule(guarded(task), nanos(delay), TimeUnit.NANOSECONDS);
  }

  /**
   * Runs a task again and again, whether it throws or not.
   *
   * @param pause between the end of one run and the next
   * @param task what is repeated
   * @return ends it
   * @throws java.util.concurrent.RejectedExecutionException after {@link #close}
   */
  public ScheduledFuture<?> every(Duration pause, Runnable task) {
    long nanos = Math.max(1, nanos(pause));
    return executor.scheduleWithFixedDelay(guarded(task), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private static long nanos(Duration delay) {
    return TimeUnit.NANOSECONDS.convert(delay);
  }

  private Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (Throwable e) {
        OwnedThreads.tell("a task of " + name, e, owner);
      }
    };
  }

  /** Drops what has not begun; its thread ends. */
  @Override
  public void close() {
    executor.shutdownNow();
  }
}
