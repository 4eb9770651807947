package io.katajava.internal.engine;

import io.katajava.internal.observe.LogContext;
import io.katajava.internal.observe.SandboxWatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The engine's threads: workers for what may block or runs callbacks, made on demand and gone when
 * idle, and one timer that only hands over to them.
 */
final class Workers implements AutoCloseable {
  private final ExecutorService threads;
  private final Executor executor;
  private final ScheduledThreadPoolExecutor timer;

  Workers() {
    threads = Executors.newCachedThreadPool(named("kata-worker-"));
    executor = this::execute;
    timer = new ScheduledThreadPoolExecutor(1, named("kata-timer-"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(10, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
  }

  private Workers(Workers base, Executor executor) {
    this.threads = base.threads;
    this.executor = executor;
    this.timer = base.timer;
  }

  /** The same threads, for the work of one sandbox. */
  Workers around(SandboxWatch watch) {
    return new Workers(this, watch.around(executor));
  }

  /** Never refuses: after {@link #close()} late callbacks run on their caller's thread. */
  Executor executor() {
    return executor;
  }

  private void execute(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  ScheduledFuture<?> after(java.time.Duration delay, Runnable task) {
    return timer.schedule(() -> executor.execute(task), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    timer.shutdownNow();
    threads.shutdown();
  }

  private static ThreadFactory named(String prefix) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      // Some loggers let a new thread inherit whose work its maker did.
      Runnable own = LogContext.without(task);
      Thread thread = new Thread(own, prefix + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
