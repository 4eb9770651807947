package io.katajava.agent.ttrpc;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.base.threads.Timer;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads that all connections of the process share; they end when idle. */
final class SharedThreads {
  private static final Duration IDLE = Duration.ofSeconds(5);

  /** Fires deadlines. Its tasks only mark a call as failed and hand the rest to CALLBACKS. */
  static final Timer TIMER = new Timer("ttrpc-timer", IDLE, problem -> {});

  /** Runs what applications attached to futures. Unbounded: such code may block. */
  static final Executor CALLBACKS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE.toNanos(),
          TimeUnit.NANOSECONDS,
          new SynchronousQueue<>(),
          OwnedThreads.factory("ttrpc-callback-"));

  private SharedThreads() {}
}
