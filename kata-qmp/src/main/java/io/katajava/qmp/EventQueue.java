package io.katajava.qmp;

import io.katajava.qmp.event.EventVocabulary;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A queue of the events that one subscriber has asked for and not taken yet, oldest first. From
 * {@link QmpClient#subscribe} on nothing is missed.
 *
 * <p>The queue is bounded by {@link QmpOptions#eventCapacity}, and by {@value #MOST_BYTES} bytes of
 * memory that its events take. When it is full, the oldest event of a kind that QEMU itself
 * rate-limits is dropped and counted. Other kinds, such as SHUTDOWN or DEVICE_DELETED, are never
 * dropped: if the queue is full of them the subscription ends, and after what it still holds {@link
 * #take} says so.
 *
 * <p>Subscriptions outlive a reconnect; events in between are lost. Predicates run in the thread
 * that takes.
 *
 * @param <E> the events
 */
public final class EventQueue<E extends QmpEvent> implements AutoCloseable {
  /** How much memory events may take that are not taken yet; one alone may take more. */
  public static final long MOST_BYTES = 16 << 20;

  private final String what;
  private final Predicate<RawEvent> wanted;
  private final Predicate<? super E> filter;
  private final int capacity;
  private final Consumer<EventQueue<?>> onClose;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<RawEvent> events = new ArrayDeque<>();
  private long cost;
  private @Nullable String end;
  private @Nullable Throwable endCause;
  private boolean endedForGood;
  private long dropped;
  private volatile @Nullable Runnable listener;

  EventQueue(
      String what,
      Predicate<RawEvent> wanted,
      Predicate<? super E> filter,
      int capacity,
      Consumer<EventQueue<?>> onClose) {
    this.what = what;
    this.wanted = wanted;
    this.filter = filter;
    this.capacity = capacity;
    this.onClose = onClose;
  }

  /** Which events a class stands for, by their names. */
  static Predicate<RawEvent> wanted(Class<? extends QmpEvent> type) {
    if (type == QmpEvent.class) {
      return event -> true;
    }
    if (type == UnknownEvent.class) {
      return event -> !EventVocabulary.NAMES.contains(event.name());
    }
    String name = EventVocabulary.nameOf(type);
    if (name == null) {
      throw new IllegalArgumentException(
          type.getName() + " is not an event of io.katajava.qmp.event; use subscribeTo(name)");
    }
    return event -> event.name().equals(name);
  }

  static Predicate<RawEvent> wanted(Set<String> names) {
    return event -> names.contains(event.name());
  }

  /**
   * Takes the next event, waiting for it if there is none.
   *
   * @param timeout the longest wait, positive
   * @return the event
   * @throws QmpTimeoutException if there was none in time
   * @throws QmpClosedException if the session or the subscription ended
   * @throws QmpProtocolException if an event is not what the schema says; the next take goes on
   * @throws QmpInterruptedException if the thread was interrupted
   */
  public E take(Duration timeout) {
    return await(event -> true, timeout);
  }

  /**
   * Takes events until one fits. Those that do not fit are gone.
   *
   * @param condition what to wait for
   * @param timeout the longest wait, positive
   * @return the event
   * @throws QmpTimeoutException if none came in time
   * @throws QmpClosedException if the session or the subscription ended
   * @throws QmpProtocolException if an event is not what the schema says
   * @throws QmpInterruptedException if the thread was interrupted
   */
  public E await(Predicate<? super E> condition, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      RawEvent event = next(deadline, timeout);
      E decoded = decode(event);
      if (filter.test(decoded) && condition.test(decoded)) {
        return decoded;
      }
    }
  }

  /**
   * Takes the next event if there is one.
   *
   * @return the event, or null
   * @throws QmpClosedException if there is none and the session or the subscription ended
   * @throws QmpProtocolException if the event is not what the schema says
   */
  public @Nullable E poll() {
    while (true) {
      RawEvent event;
      lock.lock();
      try {
        event = remove();
        if (event == null) {
          throwIfEnded();
          return null;
        }
      } finally {
        lock.unlock();
      }
      E decoded = decode(event);
      if (filter.test(decoded)) {
        return decoded;
      }
    }
  }

  /**
   * Returns how many events were dropped because the queue was full.
   *
   * @return the number so far
   */
  public long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the subscription and wakes a thread that waits. May be called again. */
  @Override
  public void close() {
    onClose.accept(this);
    end("the subscription to " + what + " was closed", null, true);
    notifyListener();
  }

  // The names were checked when the event was queued, so the class is right.
  @SuppressWarnings("unchecked")
  private E decode(RawEvent event) {
    return (E) event.decode();
  }

  private RawEvent next(long deadline, Duration timeout) {
    lock.lock();
    try {
      while (true) {
        RawEvent event = remove();
        if (event != null) {
          return event;
        }
        throwIfEnded();
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new QmpTimeoutException(
              "no event " + what + " arrived within " + timeout, timeout, false, null);
        }
        changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpInterruptedException("event " + what, e);
    } finally {
      lock.unlock();
    }
  }

  private void throwIfEnded() {
    if (end != null) {
      throw new QmpClosedException(end, endCause);
    }
  }

  /** Called by the reader; never waits for a subscriber. */
  void offer(RawEvent event) {
    if (!wanted.test(event)) {
      return;
    }
    lock.lock();
    try {
      if (end != null) {
        return;
      }
      while (isFull(event)) {
        if (!makeRoom(event)) {
          return;
        }
      }
      events.add(event);
      cost += event.cost();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    notifyListener();
  }

  private @Nullable RawEvent remove() {
    RawEvent event = events.poll();
    if (event != null) {
      cost -= event.cost();
    }
    return event;
  }

  private boolean isFull(RawEvent incoming) {
    return events.size() >= capacity || (!events.isEmpty() && cost + incoming.cost() > MOST_BYTES);
  }

  private boolean makeRoom(RawEvent incoming) {
    for (Iterator<RawEvent> each = events.iterator(); each.hasNext(); ) {
      RawEvent old = each.next();
      if (old.isRateLimited()) {
        each.remove();
        cost -= old.cost();
        dropped++;
        return true;
      }
    }
    if (incoming.isRateLimited()) {
      dropped++;
      return false;
    }
    endedForGood = true;
    end =
        "the subscription to "
            + what
            + " ended: "
            + events.size()
            + " events were not taken in time";
    changed.signalAll();
    return false;
  }

  /**
   * The session ended; a queue that was closed or endedForGood stays as it is. The listener is told
   * apart, when no lock is held.
   */
  void end(String reason, @Nullable Throwable cause, boolean forever) {
    lock.lock();
    try {
      if (forever) {
        endedForGood = true;
      }
      if (end == null) {
        end = reason;
        endCause = cause;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** A new session began. */
  void resume() {
    lock.lock();
    try {
      if (!endedForGood) {
        end = null;
        endCause = null;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sets what is told, by the reader, that there may be something to poll. */
  void onAvailable(Runnable listener) {
    this.listener = listener;
    notifyListener();
  }

  void notifyListener() {
    Runnable current = listener;
    if (current != null) {
      current.run();
    }
  }
}
