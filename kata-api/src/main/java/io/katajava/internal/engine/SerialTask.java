package io.katajava.internal.engine;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A task of which one run at a time is under way: what is scheduled meanwhile makes it run once
 * more. Holds no thread in between.
 */
final class SerialTask {
  private final Runnable task;
  private final Executor executor;
  private final AtomicInteger wanted = new AtomicInteger();

  /**
   * @param task must not throw
   */
  SerialTask(Runnable task, Executor executor) {
    this.task = task;
    this.executor = executor;
  }

  void schedule() {
    if (wanted.getAndIncrement() == 0) {
      executor.execute(this::run);
    }
  }

  private void run() {
    int seen;
    do {
      seen = wanted.get();
      task.run();
    } while (wanted.addAndGet(-seen) != 0);
  }
}
