package io.katajava.agent.ttrpc;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that all connections of the process share; they end when idle. */
final class SharedThreads {
  private static final long IDLE_SECONDS = 5;

  /** Fires deadlines. Its tasks only mark a call as failed and hand the rest to CALLBACKS. */
  static final ScheduledThreadPoolExecutor TIMER = timer();

  /** Runs what applications attached to futures. Unbounded: such code may block. */
  static final Executor CALLBACKS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          named("ttrpc-callback-"));

  private SharedThreads() {}

  private static ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, named("ttrpc-timer-"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    return timer;
  }

  static ThreadFactory named(String prefix) {
    AtomicInteger number = new AtomicInteger();
    ThreadFactory factory = Executors.defaultThreadFactory();
    return work -> {
      Thread thread = factory.newThread(work);
      thread.setName(prefix + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  static Thread start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
