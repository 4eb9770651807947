package io.katajava.qmp;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** A future of the first event of a queue. The queue is read, and closed, by callback threads. */
final class EventWait<E extends QmpEvent> {
  private final EventQueue<E> queue;
  private final Callbacks callbacks;
  private final CompletableFuture<E> result = new CompletableFuture<>();
  private final AtomicInteger wakeUps = new AtomicInteger();

  EventWait(EventQueue<E> queue, Callbacks callbacks) {
    this.queue = queue;
    this.callbacks = callbacks;
  }

  CompletableFuture<E> start(String what, Duration timeout) {
    QmpEngine.deadline(timeout);
    ScheduledFuture<?> alarm =
        callbacks.after(
            timeout,
            () ->
                result.completeExceptionally(
                    new QmpTimeoutException(
                        "no event " + what + " arrived within " + timeout, timeout, false, null)));
    result.whenComplete(
        (event, failure) -> {
          if (alarm != null) {
            alarm.cancel(false);
          }
          queue.close();
        });
    queue.onAvailable(this::wake);
    return result;
  }

  /** Called by the reader: at most one task is under way, however many events come. */
  private void wake() {
    if (!result.isDone() && wakeUps.getAndIncrement() == 0) {
      callbacks.execute(this::drain);
    }
  }

  private void drain() {
    int seen = wakeUps.get();
    do {
      try {
        E event = queue.poll();
        if (event != null) {
          result.complete(event);
        }
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
      }
      if (result.isDone()) {
        return;
      }
      seen = wakeUps.addAndGet(-seen);
    } while (seen != 0);
  }
}
