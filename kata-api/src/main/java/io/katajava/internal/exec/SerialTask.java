package io.katajava.internal.exec;

import io.katajava.base.threads.OwnedThreads;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A task of which one run at a time is under way: what is scheduled meanwhile makes it run once
 * more. Holds no thread in between.
 */
public final class SerialTask {
  private final Runnable task;
  private final Executor executor;
  private final Consumer<? super Throwable> failed;
  private final AtomicInteger wanted = new AtomicInteger();

  /**
   * Nothing runs yet.
   *
   * @param task what is done
   * @param failed is told what the task throws, an Error included; the task can be scheduled again
   */
  public SerialTask(Runnable task, Executor executor, Consumer<? super Throwable> failed) {
    this.task = task;
    this.executor = executor;
    this.failed = failed;
  }

  public void schedule() {
    if (wanted.getAndIncrement() == 0) {
      OwnedThreads.handOver(executor, this::run);
    }
  }

  private void run() {
    int seen;
    do {
      seen = wanted.get();
      try {
        task.run();
      } catch (Throwable e) {
        OwnedThreads.tell("a task in turn", e, failed);
      }
    } while (wanted.addAndGet(-seen) != 0);
  }
}
