package io.katajava.qmp;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.base.threads.Timer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import org.jspecify.annotations.Nullable;

/** Where futures are completed and deadlines watched. Threads are made when first needed. */
final class Callbacks implements Executor, AutoCloseable {
  private static final int THREADS = Math.max(4, Runtime.getRuntime().availableProcessors());
  private static final Duration IDLE = Duration.ofSeconds(10);

  private final Executor executor;
  private final @Nullable ThreadPoolExecutor own;
  private final Timer timer;
  private final Set<Runnable> onClose = ConcurrentHashMap.newKeySet();

  Callbacks(String name, @Nullable Executor given) {
    if (given == null) {
      own =
          OwnedThreads.pool(
              "qmp-callback-" + name + "-", THREADS, IDLE, new LinkedBlockingQueue<>());
      executor = own;
    } else {
      own = null;
      executor = given;
    }
    timer = new Timer("qmp-timer-" + name, IDLE, problem -> {});
  }

  /** Runs a task elsewhere; after the end, or if the user's executor refuses, in this thread. */
  @Override
  public void execute(Runnable task) {
    OwnedThreads.handOver(executor, task);
  }

  /** Runs a task, elsewhere, when the time has come; null after the end. */
  @Nullable ScheduledFuture<?> after(Duration delay, Runnable task) {
    try {
      return timer.after(delay, () -> execute(task));
    } catch (RejectedExecutionException e) {
      return null;
    }
  }

  /** Done when the time has come; fails at the end, if that comes first. */
  CompletableFuture<Void> pause(Duration delay) {
    CompletableFuture<Void> passed = new CompletableFuture<>();
    Runnable fail =
        () ->
            passed.completeExceptionally(
                new QmpClosedException("this QMP client was closed meanwhile", null));
    onClose.add(fail);
    if (after(delay, () -> passed.complete(null)) == null) {
      fail.run();
    }
    return passed.whenComplete((done, failure) -> onClose.remove(fail));
  }

  @Override
  public void close() {
    timer.close();
    onClose.forEach(Runnable::run);
    if (own != null) {
      own.shutdown();
    }
  }
}
