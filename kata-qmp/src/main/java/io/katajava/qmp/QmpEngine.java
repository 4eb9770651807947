package io.katajava.qmp;

import io.katajava.json.JsonObject;
import io.katajava.qmp.command.QueryQmpSchema;
import io.katajava.transport.Connection;
import io.katajava.transport.ConnectionClosedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What is behind {@link QmpClient}: sessions one after the other, calls, subscriptions. */
final class QmpEngine implements Session.Listener, AutoCloseable {

  /** Opens a connection before a point of {@link System#nanoTime}. */
  interface Dialer {
    Connection dial(long deadline);
  }

  private final String name;
  private final QmpOptions options;
  private final Dialer dialer;
  private final Callbacks callbacks;
  private final Semaphore inFlight;
  private final List<EventQueue<?>> queues = new CopyOnWriteArrayList<>();
  private final ReentrantLock connecting = new ReentrantLock();
  private final ReentrantLock schemaLock = new ReentrantLock();

  /** Held where the session and the state of the queues must agree. Never while waiting. */
  private final ReentrantLock changing = new ReentrantLock();

  private volatile @Nullable Session session;
  private volatile boolean closed;

  QmpEngine(String name, QmpOptions options, Dialer dialer) {
    this.name = name;
    this.options = options;
    this.dialer = dialer;
    this.callbacks = new Callbacks(name, options.callbackExecutor());
    this.inFlight = new Semaphore(options.maxInFlight());
  }

  QmpOptions options() {
    return options;
  }

  Callbacks callbacks() {
    return callbacks;
  }

  String describe() {
    return session().connection().describe();
  }

  Session session() {
    Session current = session;
    if (current == null) {
      throw new QmpClosedException("the client " + name + " has no session", null);
    }
    return current;
  }

  void connect() {
    connecting.lock();
    try {
      requireNotClosed();
      long deadline = System.nanoTime() + options.connectTimeout().toNanos();
      Session previous = session;
      if (previous != null) {
        previous.end(new ConnectionClosedException(previous.connection().describe()));
      }
      Session next = new Session(name, dialer.dial(deadline), options, this);
      boolean ready = false;
      try {
        begin(next);
        new Handshake(next, options, deadline).run();
        requireNotClosed();
        ready = true;
      } finally {
        if (!ready) {
          next.end(new ConnectionClosedException(next.connection().describe()));
        }
      }
    } finally {
      connecting.unlock();
    }
  }

  private void begin(Session next) {
    changing.lock();
    try {
      session = next;
      queues.forEach(EventQueue::resume);
    } finally {
      changing.unlock();
    }
    next.start();
  }

  private void requireNotClosed() {
    if (closed) {
      throw new QmpClosedException("the client " + name + " was closed", null);
    }
  }

  <R> R execute(QmpCommand<R> command, Duration timeout, boolean outOfBand, int... descriptors) {
    long deadline = deadline(timeout);
    acquire(command, deadline, timeout);
    try {
      Session current = session();
      return Replies.await(
          current, current.send(command, outOfBand, descriptors), command, deadline, timeout);
    } finally {
      inFlight.release();
    }
  }

  <R> List<R> executeAll(List<? extends QmpCommand<? extends R>> commands, Duration timeout) {
    long deadline = deadline(timeout);
    Session current = session();
    List<R> results = new ArrayList<>(commands.size());
    RuntimeException failure = null;
    // No more under way than this, so that requests and replies cannot fill both sockets.
    int window = options.maxInFlight();
    List<PendingCall> calls = new ArrayList<>(commands.size());
    for (int i = 0; i < commands.size(); i++) {
      for (; calls.size() < commands.size() && calls.size() - i < window; ) {
        calls.add(current.send(commands.get(calls.size()), false));
      }
      try {
        results.add(Replies.await(current, calls.get(i), commands.get(i), deadline, timeout));
      } catch (QmpCommandException | QmpProtocolException e) {
        failure = failure == null ? e : failure;
      } catch (RuntimeException e) {
        calls.forEach(call -> current.abandon(call, false));
        calls.forEach(call -> call.ended(e));
        throw e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return List.copyOf(results);
  }

  <R> CompletableFuture<R> executeAsync(QmpCommand<R> command, Duration timeout) {
    CompletableFuture<R> result = new CompletableFuture<>();
    try {
      acquire(command, deadline(timeout), timeout);
      result.whenComplete((value, failure) -> inFlight.release());
      Session current = session();
      PendingCall call = current.sendAndLeave(command);
      ScheduledFuture<?> alarm =
          callbacks.after(
              timeout,
              () -> {
                if (current.abandon(call, true)) {
                  result.completeExceptionally(Replies.timedOut(current, command, timeout, null));
                }
              });
      call.reply.whenComplete(
          (message, failure) ->
              callbacks.execute(() -> complete(result, current, command, message, failure)));
      result.whenComplete(
          (value, failure) -> {
            if (alarm != null) {
              alarm.cancel(false);
            }
            current.abandon(call, false);
            call.ended(failure);
          });
    } catch (QmpException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  private <R> void complete(
      CompletableFuture<R> result,
      Session session,
      QmpCommand<R> command,
      @Nullable JsonObject message,
      @Nullable Throwable failure) {
    if (message == null) {
      result.completeExceptionally(
          failure == null ? new QmpClosedException("no reply", null) : failure);
      return;
    }
    try {
      result.complete(PendingCall.result(command, message, session.version()));
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  private void acquire(QmpCommand<?> command, long deadline, Duration timeout) {
    if (inFlight.tryAcquire()) {
      return;
    }
    try {
      if (!inFlight.tryAcquire(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        throw new QmpTimeoutException(
            command.commandName()
                + " was not sent within "
                + timeout
                + ": "
                + options.maxInFlight()
                + " commands are under way",
            timeout,
            session().unresponsive(),
            null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpInterruptedException("room to send " + command.commandName(), e);
    }
  }

  static long deadline(Duration timeout) {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("timeout must be positive but is " + timeout);
    }
    return System.nanoTime() + timeout.toNanos();
  }

  <E extends QmpEvent> EventQueue<E> subscribe(
      String what, Predicate<RawEvent> wanted, Predicate<? super E> filter) {
    EventQueue<E> queue =
        new EventQueue<>(what, wanted, filter, options.eventCapacity(), queues::remove);
    changing.lock();
    try {
      queues.add(queue);
      if (!session().isOpen()) {
        queue.end("the session with " + describe() + " has ended", null, closed);
      }
    } finally {
      changing.unlock();
    }
    return queue;
  }

  <E extends QmpEvent> CompletableFuture<E> await(
      EventQueue<E> queue, String what, Duration timeout) {
    return new EventWait<>(queue, callbacks).start(what, timeout);
  }

  CompletableFuture<Void> after(Duration delay) {
    return callbacks.pause(delay);
  }

  QmpSchema schema() {
    schemaLock.lock();
    try {
      Session current = session();
      QmpSchema known = current.schema();
      if (known == null) {
        known = new QmpSchema(execute(new QueryQmpSchema(), options.callTimeout(), false));
        current.schema(known);
      }
      return known;
    } finally {
      schemaLock.unlock();
    }
  }

  @Override
  public void event(RawEvent event) {
    for (EventQueue<?> queue : queues) {
      queue.offer(event);
    }
  }

  @Override
  public void ended(Session ended, Throwable cause) {
    String reason =
        "the session with "
            + ended.connection().describe()
            + " ended while waiting for an event: "
            + Session.reason(cause);
    changing.lock();
    try {
      // A successor may have begun meanwhile; the queues are its own then.
      if (ended == session) {
        queues.forEach(queue -> queue.end(reason, cause, closed));
      }
    } finally {
      changing.unlock();
    }
    queues.forEach(EventQueue::notifyListener);
  }

  @Override
  public void close() {
    closed = true;
    Session current = session;
    if (current != null) {
      current.end(new ConnectionClosedException(current.connection().describe()));
    }
    callbacks.close();
  }
}
