package io.katajava.internal.sandbox;

import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.internal.exec.SerialTask;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands events to subscribers, each with a queue of its own, so that none holds up another. */
final class SandboxEvents {
  private static final Logger log = LoggerFactory.getLogger(SandboxEvents.class);

  /** A subscriber that is this far behind loses the oldest events. */
  private static final int CAPACITY = 1024;

  private final Executor executor;
  private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();

  SandboxEvents(Executor executor) {
    this.executor = executor;
  }

  void emit(SandboxEvent event) {
    subscribers.forEach(subscriber -> subscriber.add(event));
  }

  /** The consumer is told first what holds already. */
  Sandbox.Subscription subscribe(Consumer<SandboxEvent> consumer, List<SandboxEvent> standing) {
    Subscriber subscriber = new Subscriber(consumer);
    standing.forEach(subscriber::add);
    subscribers.add(subscriber);
    return () -> subscribers.remove(subscriber);
  }

  private final class Subscriber {
    private final Consumer<SandboxEvent> consumer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<SandboxEvent> queue = new ArrayDeque<>();
    private final SerialTask delivery =
        new SerialTask(this::deliver, executor, problem -> redeliver());

    Subscriber(Consumer<SandboxEvent> consumer) {
      this.consumer = consumer;
    }

    void add(SandboxEvent event) {
      lock.lock();
      try {
        if (queue.size() >= CAPACITY) {
          queue.remove();
          log.warn("an event was dropped: its subscriber is {} events behind", CAPACITY);
        }
        queue.add(event);
      } finally {
        lock.unlock();
      }
      delivery.schedule();
    }

    /** The event that was under way is lost to this subscriber, and those after it are not. */
    private void redeliver() {
      delivery.schedule();
    }

    private void deliver() {
      for (SandboxEvent event = next(); event != null; event = next()) {
        try {
          consumer.accept(event);
        } catch (RuntimeException e) {
          log.warn("a subscriber of sandbox events threw", e);
        }
      }
    }

    private @Nullable SandboxEvent next() {
      lock.lock();
      try {
        return queue.poll();
      } finally {
        lock.unlock();
      }
    }
  }
}
