package io.katajava.qmp;

import io.katajava.json.JsonException;
import io.katajava.json.JsonNumber;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import io.katajava.transport.Connection;
import io.katajava.transport.ConnectionClosedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection, from its first byte to its end. The thread {@code qmp-reader-<name>}, or a caller
 * in its stead, decodes and hands off: it never writes, never waits for anyone, never runs code of
 * the user.
 */
final class Session implements Reading.Receiver {
  private static final Logger log = LoggerFactory.getLogger(QmpClient.class);

  /** Calls that timed out in a row, with nothing received at all, until the peer counts as dead. */
  private static final int SILENT_CALLS = 2;

  /** What the reader tells. */
  interface Listener {
    void event(RawEvent event);

    void ended(Session session, Throwable cause);
  }

  private final String name;
  private final Connection connection;
  private final boolean guestAgent;
  private final QmpObserver observer;
  private final Listener listener;
  private final Reading reading;
  private final Outbound outbound;
  private final CompletableFuture<JsonObject> greeting = new CompletableFuture<>();
  private final Map<Long, PendingCall> pending = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
  private volatile boolean toldAll;
  private final AtomicInteger silentCalls = new AtomicInteger();
  private volatile long lastReceived = System.nanoTime();
  private volatile @Nullable QmpVersion version;
  private volatile Set<String> capabilities = Set.of();
  private volatile @Nullable QmpSchema schema;
  private final AtomicLong replies = new AtomicLong();
  private final AtomicLong lateReplies = new AtomicLong();
  private final AtomicLong unknownReplies = new AtomicLong();
  private final AtomicLong events = new AtomicLong();

  Session(String name, Connection connection, QmpOptions options, Listener listener) {
    this.name = name;
    this.connection = connection;
    this.guestAgent = options.isGuestAgent();
    this.observer = options.observer();
    this.listener = listener;
    this.reading =
        new Reading(connection, new MessageFramer(options.maxMessageBytes(), guestAgent), this);
    this.outbound = new Outbound(connection, "qmp-writer-" + name, this::end);
  }

  void start() {
    reading.start("qmp-reader-" + name);
  }

  Connection connection() {
    return connection;
  }

  CompletableFuture<JsonObject> greeting() {
    return greeting;
  }

  /** Keeps what the handshake found out. */
  void negotiated(QmpVersion peer, Set<String> enabled) {
    version = peer;
    capabilities = enabled;
  }

  /** Of QEMU; a guest agent does not tell. */
  @Nullable QmpVersion version() {
    return version;
  }

  Set<String> capabilities() {
    return capabilities;
  }

  @Nullable QmpSchema schema() {
    return schema;
  }

  void schema(QmpSchema known) {
    schema = known;
  }

  boolean isOpen() {
    return end.get() == null;
  }

  boolean unresponsive() {
    return silentCalls.get() >= SILENT_CALLS;
  }

  long silentMillis() {
    return (System.nanoTime() - lastReceived) / 1_000_000;
  }

  int inFlight() {
    return pending.size();
  }

  QmpStatistics statistics() {
    return new QmpStatistics(
        ids.get(), replies.get(), lateReplies.get(), unknownReplies.get(), events.get());
  }

  /** As {@link #send}, for a caller that will not wait in {@link #read}. */
  PendingCall sendAndLeave(QmpCommand<?> command) {
    PendingCall call = send(command, false);
    reading.resume();
    return call;
  }

  /** Registers a call and puts it on its way. Its reply fails if the session ends first. */
  PendingCall send(QmpCommand<?> command, boolean outOfBand, int... descriptors) {
    PendingCall call = new PendingCall(ids.incrementAndGet(), command, observer);
    byte[] message = call.encode(outOfBand);
    pending.put(call.id, call);
    try {
      if (end.get() != null) {
        throw new IOException("the session has ended");
      }
      if (log.isDebugEnabled()) {
        log.debug("[{}] > {}", name, redacted(message));
      }
      outbound.send(message, descriptors);
    } catch (IOException e) {
      pending.remove(call.id);
      Throwable cause = end.get();
      QmpClosedException failure =
          new QmpClosedException(
              command.commandName()
                  + " was not sent to "
                  + connection.describe()
                  + ": "
                  + reason(e),
              cause == null ? e : cause);
      call.ended(failure);
      throw failure;
    }
    if (end.get() != null && pending.remove(call.id) != null) {
      fail(call);
    }
    return call;
  }

  /** Starts the protocol of the guest agent afresh: what came before the next 0xFF is void. */
  PendingCall synchronize(long token) throws IOException {
    JsonObject arguments = JsonObject.builder().put("id", token).build();
    outbound.send(new byte[] {(byte) 0xFF});
    return send(new RawCommand("guest-sync-delimited", arguments), false);
  }

  /** Gives a call up; its reply will be dropped. */
  boolean abandon(PendingCall call, boolean timedOut) {
    boolean waiting = pending.remove(call.id) != null;
    if (waiting && timedOut) {
      if (lastReceived - call.sentAt > 0) {
        silentCalls.set(0);
      } else {
        silentCalls.incrementAndGet();
      }
    }
    return waiting;
  }

  /** May read the reply itself; returns when it is there, or when others read. */
  void read(PendingCall call, long deadline) {
    call.awaited = true;
    reading.takeTurn(call, deadline);
  }

  @Override
  public boolean isIdle() {
    return pending.isEmpty();
  }

  @Override
  public void ended(Throwable cause) {
    end(cause);
  }

  @Override
  public void received(byte[] bytes, MessageFramer.Slice slice) {
    lastReceived = System.nanoTime();
    if (silentCalls.get() != 0) {
      silentCalls.set(0);
    }
    JsonObject message;
    try {
      message = (JsonObject) JsonValue.parse(bytes, slice.offset(), slice.length());
    } catch (JsonException e) {
      int length = Math.min(slice.length(), 200);
      String received = new String(bytes, slice.offset(), length, StandardCharsets.UTF_8);
      throw new QmpProtocolException("the peer sent something that is not JSON", received, e);
    }
    if (log.isDebugEnabled()) {
      log.debug("[{}] < {}", name, message);
    }
    if (message.has("event")) {
      event(message, slice.length());
    } else if (message.has("return") || message.has("error")) {
      reply(message);
    } else if (message.has("QMP") && !greeting.isDone()) {
      greeting.complete(message);
    } else {
      throw unexpected("neither reply nor event", message, null);
    }
  }

  private void event(JsonObject message, int length) {
    events.incrementAndGet();
    try {
      listener.event(RawEvent.of(message, length));
    } catch (JsonException e) {
      throw unexpected("a malformed event", message, e);
    }
  }

  private void reply(JsonObject message) {
    JsonValue id = message.get("id");
    if (id == null) {
      replyWithoutId(message);
      return;
    }
    if (!(id instanceof JsonNumber number) || !number.isLong()) {
      unknown(id);
      return;
    }
    PendingCall call = pending.remove(number.longValue());
    if (call != null) {
      replies.incrementAndGet();
      if (call.awaited) {
        reading.served();
      }
      call.reply.complete(message);
    } else if (number.longValue() > 0 && number.longValue() <= ids.get()) {
      lateReplies.incrementAndGet();
      log.debug("[{}] dropped a late or repeated reply to command {}", name, id);
    } else {
      unknown(id);
    }
  }

  private void unknown(JsonValue id) {
    unknownReplies.incrementAndGet();
    log.debug("[{}] dropped a reply with an id that was never used: {}", name, id);
  }

  /** Old guest agents do not return ids; of QEMU it means that it did not understand us. */
  private void replyWithoutId(JsonObject message) {
    if (guestAgent && pending.size() == 1) {
      PendingCall call = pending.values().iterator().next();
      if (pending.remove(call.id) != null) {
        replies.incrementAndGet();
        call.reply.complete(message);
        return;
      }
    }
    if (guestAgent) {
      lateReplies.incrementAndGet();
      return;
    }
    throw unexpected("a reply without id, so some command was not understood", message, null);
  }

  private static QmpProtocolException unexpected(
      String what, JsonObject message, @Nullable Throwable cause) {
    return new QmpProtocolException(
        "the peer sent " + what + ": " + PendingCall.shortened(message.toString()),
        PendingCall.shortened(message.toString()),
        cause);
  }

  /**
   * Ends the session once, for the first cause given; everyone waiting is woken. When that fails
   * for want of memory, the next call goes on with it.
   */
  void end(Throwable reason) {
    if (!end.compareAndSet(null, reason) && toldAll) {
      return;
    }
    Throwable cause = Objects.requireNonNull(end.get());
    if (cause instanceof ConnectionClosedException) {
      log.debug("[{}] closed", name);
    } else {
      log.debug("[{}] session ended", name, cause);
    }
    outbound.close();
    connection.close();
    reading.resume();
    greeting.completeExceptionally(cause);
    pending.values().forEach(this::fail);
    pending.clear();
    listener.ended(this, cause);
    toldAll = true;
  }

  private void fail(PendingCall call) {
    call.reply.completeExceptionally(failure("the reply to " + call.command.commandName()));
  }

  /** What to throw at someone who waited when the session ended. */
  QmpException failure(String waitedFor) {
    Throwable cause = end.get();
    String message =
        "the session with "
            + connection.describe()
            + " ended while waiting for "
            + waitedFor
            + ": "
            + reason(cause);
    return cause instanceof QmpProtocolException protocol
        ? new QmpProtocolException(message, protocol.received(), protocol)
        : new QmpClosedException(message, cause);
  }

  static String reason(@Nullable Throwable cause) {
    return cause == null ? "unknown" : String.valueOf(cause.getMessage());
  }

  private static String redacted(byte[] message) {
    return JsonValue.parse(message, 0, message.length).toString();
  }
}
