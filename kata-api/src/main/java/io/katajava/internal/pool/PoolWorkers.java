package io.katajava.internal.pool;

import io.katajava.base.threads.OwnedThreads;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads of a pool, which start, check and close its sandboxes. */
final class PoolWorkers {
  private static final Logger log = LoggerFactory.getLogger(PoolWorkers.class);
  private static final long END_LIMIT_SECONDS = 60;

  private final ScheduledExecutorService threads;

  /**
   * Makes them.
   *
   * @param starts how many sandboxes are started at once
   */
  PoolWorkers(int starts) {
    // One more than starts: checks and closings go on beside them.
    ScheduledThreadPoolExecutor made =
        new ScheduledThreadPoolExecutor(starts + 1, OwnedThreads.factory("kata-pool-"));
    // A start that is planned for later does not hold up the end.
    made.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.threads = made;
  }

  void run(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("the pool is closed", e);
    }
  }

  void later(Runnable task, Duration pause) {
    threads.schedule(task, pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Checks again and again, each time so long after the last check has ended. */
  void repeat(Runnable check, Duration pause) {
    long nanos = pause.toNanos();
    threads.scheduleWithFixedDelay(() -> once(check), nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** A check that throws must not be the last: the executor would repeat it no more. */
  private static void once(Runnable check) {
    try {
      check.run();
    } catch (RuntimeException | Error e) {
      log.warn(
          "the sandboxes of the pool could not be checked; the next check comes at its usual time",
          e);
    }
  }

  /** Lets what is under way end, and ends. */
  void end() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(END_LIMIT_SECONDS, TimeUnit.SECONDS)) {
        log.warn("a sandbox of the pool is still being started or closed");
        endNow();
      }
    } catch (InterruptedException e) {
      endNow();
      Thread.currentThread().interrupt();
    }
  }

  /** What waits for a thread is done by this one: each task is the end of a sandbox. */
  private void endNow() {
    threads.shutdownNow().forEach(Runnable::run);
  }
}
