package io.katajava.internal.run;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.base.threads.Timer;
import io.katajava.internal.observe.LogContext;
import io.katajava.internal.observe.SandboxWatch;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;

/**
 * The engine's threads: workers for what may block or runs callbacks, made on demand and gone when
 * idle, and one timer that only hands over to them.
 */
public final class Workers implements AutoCloseable {
  private static final Duration IDLE = Duration.ofSeconds(10);

  private final ExecutorService threads;
  private final Executor executor;
  private final Timer timer;

  public Workers() {
    // Some loggers let a new thread inherit whose work its maker did.
    threads =
        Executors.newCachedThreadPool(OwnedThreads.factory("kata-worker-", LogContext::without));
    executor = this::execute;
    timer = new Timer("kata-timer", IDLE, problem -> {});
  }

  private Workers(Workers base, Executor executor) {
    this.threads = base.threads;
    this.executor = executor;
    this.timer = base.timer;
  }

  /** The same threads, for the work of one sandbox. */
  public Workers around(SandboxWatch watch) {
    return new Workers(this, watch.around(executor));
  }

  /** Never refuses: after {@link #close()} late callbacks run on their caller's thread. */
  public Executor executor() {
    return executor;
  }

  private void execute(Runnable task) {
    OwnedThreads.handOver(threads, task);
  }

  /** What is late is done late, not never: a timer without a thread to hand over to does it. */
  public ScheduledFuture<?> after(Duration delay, Runnable task) {
    return timer.after(delay, () -> executor.execute(task));
  }

  @Override
  public void close() {
    timer.close();
    threads.shutdown();
  }
}
