package io.katajava.qemu.qmp;

import io.katajava.agent.transport.Connection;
import io.katajava.agent.transport.ConnectionClosedException;
import io.katajava.qemu.qmp.command.QmpCapabilities;
import io.katajava.qemu.qmp.command.QueryQmpSchema;
import io.katajava.qemu.qmp.json.JsonCursor;
import io.katajava.qemu.qmp.json.JsonException;
import io.katajava.qemu.qmp.json.JsonNumber;
import io.katajava.qemu.qmp.json.JsonObject;
import io.katajava.qemu.qmp.type.QMPCapability;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
  private volatile @Nullable Session session;
  private volatile @Nullable QmpVersion version;
  private volatile Set<String> capabilities = Set.of();
  private volatile @Nullable QmpSchema schema;
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

  @Nullable QmpVersion version() {
    return version;
  }

  Set<String> capabilities() {
    return capabilities;
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
      if (closed) {
        throw new QmpClosedException("the client " + name + " was closed", null);
      }
      long deadline = System.nanoTime() + options.connectTimeout().toNanos();
      Session previous = session;
      if (previous != null) {
        previous.end(new ConnectionClosedException(previous.connection().describe()));
      }
      Session next = new Session(name, dialer.dial(deadline), options, this);
      boolean ready = false;
      try {
        session = next;
        schema = null;
        queues.forEach(EventQueue::resume);
        next.start();
        if (options.isGuestAgent()) {
          synchronize(next, deadline);
        } else {
          negotiate(next, deadline);
        }
        ready = !closed;
      } finally {
        if (!ready) {
          next.end(new ConnectionClosedException(next.connection().describe()));
        }
      }
    } finally {
      connecting.unlock();
    }
  }

  private void negotiate(Session session, long deadline) {
    JsonObject greeting = greeting(session, deadline);
    Set<String> wanted;
    try {
      version = session.version(greeting);
      List<String> offered =
          JsonCursor.of(greeting, "greeting")
              .member("QMP")
              .member("capabilities")
              .list(JsonCursor::string);
      wanted = options.outOfBand() && offered.contains("oob") ? Set.of("oob") : Set.of();
    } catch (JsonException e) {
      throw new QmpProtocolException(
          "the greeting of " + describe() + " is malformed: " + e.getMessage(),
          PendingCall.shortened(greeting.toString()),
          e);
    }
    QmpCapabilities command =
        wanted.isEmpty()
            ? new QmpCapabilities()
            : QmpCapabilities.builder().enable(List.of(QMPCapability.OOB)).build();
    await(session, session.send(command, false), command, deadline, options.connectTimeout());
    capabilities = wanted;
  }

  private JsonObject greeting(Session session, long deadline) {
    String where = session.connection().describe();
    try {
      return session
          .greeting()
          .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new QmpConnectException(
          "connected to "
              + where
              + " but got no greeting within "
              + options.connectTimeout()
              + ": another client holds this monitor (QEMU serves one at a time), or QEMU is stuck",
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QmpProtocolException protocol) {
        throw new QmpProtocolException(
            where + " does not speak QMP: " + protocol.getMessage(), protocol.received(), protocol);
      }
      throw new QmpConnectException(
          "connected to " + where + " but: " + Session.reason(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpInterruptedException("the greeting of " + where, e);
    }
  }

  private void synchronize(Session session, long deadline) {
    long token = ThreadLocalRandom.current().nextLong(1, Integer.MAX_VALUE);
    RawCommand command = new RawCommand("guest-sync-delimited", JsonObject.EMPTY);
    try {
      PendingCall call = session.synchronize(token);
      if (!await(session, call, command, deadline, options.connectTimeout())
          .equals(JsonNumber.of(token))) {
        throw new QmpProtocolException(
            "the guest agent at " + describe() + " did not return the token", "", null);
      }
    } catch (IOException e) {
      throw new QmpConnectException("the guest agent at " + describe() + " is gone", e);
    }
  }

  <R> R execute(QmpCommand<R> command, Duration timeout, boolean outOfBand, int... descriptors) {
    long deadline = deadline(timeout);
    acquire(command, deadline, timeout);
    try {
      Session current = session();
      return await(
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
        results.add(await(current, calls.get(i), commands.get(i), deadline, timeout));
      } catch (QmpCommandException | QmpProtocolException e) {
        failure = failure == null ? e : failure;
      } catch (RuntimeException e) {
        calls.forEach(call -> current.abandon(call, false));
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
      PendingCall call = current.send(command, false);
      ScheduledFuture<?> alarm =
          callbacks.after(
              timeout,
              () -> {
                if (current.abandon(call, true)) {
                  result.completeExceptionally(timedOut(current, command, timeout, null));
                }
              });
      call.reply.whenComplete(
          (message, failure) ->
              callbacks.execute(() -> complete(result, command, message, failure)));
      result.whenComplete(
          (value, failure) -> {
            if (alarm != null) {
              alarm.cancel(false);
            }
            current.abandon(call, false);
          });
    } catch (QmpException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  private <R> void complete(
      CompletableFuture<R> result,
      QmpCommand<R> command,
      @Nullable JsonObject message,
      @Nullable Throwable failure) {
    if (message == null) {
      result.completeExceptionally(
          failure == null ? new QmpClosedException("no reply", null) : failure);
      return;
    }
    try {
      result.complete(PendingCall.result(command, message, version));
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  private <R> R await(
      Session session, PendingCall call, QmpCommand<R> command, long deadline, Duration timeout) {
    boolean answered = false;
    try {
      long left = Math.max(0, deadline - System.nanoTime());
      JsonObject message = call.reply.get(left, TimeUnit.NANOSECONDS);
      answered = true;
      return PendingCall.result(command, message, version);
    } catch (TimeoutException e) {
      session.abandon(call, true);
      answered = true;
      throw timedOut(session, command, timeout, e);
    } catch (ExecutionException e) {
      throw session.failure("the reply to " + command.commandName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpInterruptedException("the reply to " + command.commandName(), e);
    } finally {
      if (!answered) {
        session.abandon(call, false);
      }
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

  private QmpTimeoutException timedOut(
      Session session, QmpCommand<?> command, Duration timeout, @Nullable Throwable cause) {
    String who = version == null ? "the guest agent" : "QEMU " + version;
    String message =
        command.commandName()
            + " was not answered by "
            + who
            + " at "
            + session.connection().describe()
            + " within "
            + timeout
            + "; nothing came for "
            + session.silentMillis()
            + " ms"
            + (session.unresponsive() ? ", the monitor is unresponsive" : "");
    return new QmpTimeoutException(message, timeout, session.unresponsive(), cause);
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
    queues.add(queue);
    Session current = session();
    if (!current.isOpen()) {
      queue.end("the session with " + describe() + " has ended", null, closed);
    }
    return queue;
  }

  <E extends QmpEvent> CompletableFuture<E> await(
      EventQueue<E> queue, String what, Duration timeout) {
    return new EventWait<>(queue, callbacks).start(what, timeout);
  }

  QmpSchema schema() {
    QmpSchema known = schema;
    if (known != null) {
      return known;
    }
    schemaLock.lock();
    try {
      known = schema;
      if (known == null) {
        known = new QmpSchema(execute(new QueryQmpSchema(), options.callTimeout(), false));
        schema = known;
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
    queues.forEach(queue -> queue.end(reason, cause, closed));
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
