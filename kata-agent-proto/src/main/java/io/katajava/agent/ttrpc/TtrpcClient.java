package io.katajava.agent.ttrpc;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.transport.Connection;
import io.katajava.transport.ConnectionClosedException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A ttRPC client on one connection, for any number of threads and calls in flight.
 *
 * <p>One thread reads and never runs code of the application. A call whose caller is gone
 * (deadline, interrupt, cancelled future) is forgotten and its late reply dropped: the protocol has
 * no cancel. When the connection is lost every caller fails at once with {@link
 * TtrpcStatus#UNAVAILABLE} and the reason.
 */
public final class TtrpcClient implements AutoCloseable {
  private static final long JOIN_MILLIS = 5_000;

  private final Connection connection;
  private final TtrpcClientOptions options;
  private final FrameWriter writer;
  private final Thread reader;
  private final Map<Integer, Pending> pending = new ConcurrentHashMap<>();
  private final AtomicReference<Pending.@Nullable Failure> closed = new AtomicReference<>();
  private volatile boolean toldAll;

  /** Its dependents are only such as go to the callback executor. */
  private final CompletableFuture<TtrpcException> onClose = new CompletableFuture<>();

  private TtrpcClient(Connection connection, TtrpcClientOptions options) {
    this.connection = connection;
    this.options = options;
    this.writer = new FrameWriter(connection, options.name(), e -> lost("writing failed", e));
    this.reader =
        OwnedThreads.start("ttrpc-reader-" + options.name(), this::readFrames, this::readerDied);
  }

  /**
   * Starts a client.
   *
   * @param connection an open stream; the client owns it from now on
   * @return the client
   */
  public static TtrpcClient over(Connection connection) {
    return over(connection, TtrpcClientOptions.named(connection.describe()));
  }

  /**
   * Starts a client.
   *
   * @param connection an open stream; the client owns it from now on
   * @param options name and callback executor
   * @return the client
   */
  public static TtrpcClient over(Connection connection, TtrpcClientOptions options) {
    return new TtrpcClient(connection, options);
  }

  /**
   * Calls a method and waits for its reply.
   *
   * @param service full name, such as {@code grpc.Health}
   * @param method bare name, such as {@code Check}
   * @param payload the encoded request message
   * @param call timeout and metadata
   * @return the encoded reply message
   * @throws TtrpcException if the server refused ({@code status()} is the server's), the timeout
   *     passed, the connection was lost, the request is longer than 4 MiB, or this thread was
   *     interrupted (CANCELLED; its interrupt flag is set again)
   */
  public ByteBuffer call(String service, String method, ByteBuffer payload, CallOptions call) {
    long nanos = call.timeoutNanos();
    long deadline = nanos == 0 ? 0 : nonZero(System.nanoTime() + nanos);
    ByteBuffer frame = Envelope.request(service, method, payload, call, 0);
    PendingCall waiting = PendingCall.blocking(service, method);
    try {
      submit(frame, waiting, waiting::streamId, nanos);
      ByteBuffer reply = waiting.await(deadline);
      if (reply != null) {
        return reply;
      }
      throw late(call).toException(service, method);
    } catch (TimeoutException e) {
      throw late(call).toException(service, method);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Pending.Failure(TtrpcStatus.CANCELLED, "interrupted while waiting", e)
          .toException(service, method);
    } finally {
      forget(waiting.streamId());
    }
  }

  /**
   * Calls a method. The future is completed on the options' executor; cancelling it forgets the
   * call. This waits only while more than 8 MiB of requests are queued, at most the timeout.
   *
   * @param service full name, such as {@code grpc.Health}
   * @param method bare name, such as {@code Check}
   * @param payload the encoded request message, copied before this returns
   * @param call timeout and metadata
   * @return the encoded reply message; fails with {@link TtrpcException}
   */
  public CompletableFuture<ByteBuffer> callAsync(
      String service, String method, ByteBuffer payload, CallOptions call) {
    ReplyFuture future = new ReplyFuture();
    PendingCall waiting = PendingCall.async(service, method, future, options.callbacks());
    long nanos = call.timeoutNanos();
    try {
      ByteBuffer frame = Envelope.request(service, method, payload, call, 0);
      submit(frame, waiting, waiting::streamId, nanos);
      future.onCancel(() -> forget(waiting.streamId()));
      if (nanos != 0) {
        waiting.timeout(
            SharedThreads.TIMER.after(
                Duration.ofNanos(nanos),
                () -> {
                  forget(waiting.streamId());
                  waiting.failed(late(call));
                }));
      }
    } catch (TimeoutException e) {
      waiting.failed(late(call));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      waiting.failed(new Pending.Failure(TtrpcStatus.CANCELLED, "interrupted while sending", e));
    } catch (TtrpcException e) {
      future.completeExceptionally(e);
    } catch (Error e) {
      forget(waiting.streamId());
      future.completeExceptionally(e);
      throw e;
    }
    return future;
  }

  /**
   * Opens a stream on which both sides may send ({@code flags} 0x2|0x4). For a method that answers
   * once, use {@link TtrpcStream#reply} after {@link TtrpcStream#closeSend}.
   *
   * @param service full name
   * @param method bare name
   * @param call metadata, and the timeout the server is told
   * @return the stream
   * @throws TtrpcException if the connection is lost
   */
  public TtrpcStream openStream(String service, String method, CallOptions call) {
    return open(service, method, ByteBuffer.allocate(0), call, Frame.REMOTE_OPEN | Frame.NO_DATA);
  }

  /**
   * Calls a method that answers with a stream ({@code flags} 0x1).
   *
   * @param service full name
   * @param method bare name
   * @param payload the encoded request message
   * @param call metadata, and the timeout the server is told
   * @return the stream; only its receiving half is open
   * @throws TtrpcException if the connection is lost
   */
  public TtrpcStream callStreaming(
      String service, String method, ByteBuffer payload, CallOptions call) {
    return open(service, method, payload, call, Frame.REMOTE_CLOSED);
  }

  private TtrpcStream open(
      String service, String method, ByteBuffer payload, CallOptions call, int flags) {
    ByteBuffer frame = Envelope.request(service, method, payload, call, flags);
    TtrpcStream stream =
        new TtrpcStream(service, method, writer, this::forget, flags == Frame.REMOTE_CLOSED);
    try {
      submit(frame, stream.pending(), stream::streamId, call.timeoutNanos());
    } catch (TimeoutException e) {
      throw late(call).toException(service, method);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Pending.Failure(TtrpcStatus.CANCELLED, "interrupted while sending", e)
          .toException(service, method);
    }
    return stream;
  }

  /** Sends a request. A lost connection is reported through {@link Pending#failed}. */
  private void submit(ByteBuffer frame, Pending waiting, IntConsumer streamId, long nanos)
      throws InterruptedException, TimeoutException {
    try {
      writer.sendRequest(
          frame,
          id -> {
            streamId.accept(id);
            pending.put(id, waiting);
          },
          nanos);
    } catch (IOException e) {
      lost("writing failed", e);
    }
    // Registered after the others were told: tell this one too.
    Pending.Failure failure = closed.get();
    if (failure != null) {
      waiting.failed(failure);
    }
  }

  private void readFrames() {
    FrameReader frames = new FrameReader(connection, false);
    try {
      Frame frame;
      while ((frame = frames.next()) != null) {
        dispatch(frame);
      }
      lost("the peer closed the connection", new EOFException("end of stream"));
    } catch (ConnectionClosedException e) {
      lost("the connection was closed on this side", e);
    } catch (IOException | RuntimeException e) {
      lost(String.valueOf(e.getMessage()), e);
    }
  }

  /** An Error, or what {@link #lost} threw for want of memory: it is told again. */
  private void readerDied(Throwable cause) {
    lost("reading failed: " + cause, cause);
  }

  private void dispatch(Frame frame) {
    Integer id = frame.streamId();
    if (frame.type() == Frame.RESPONSE) {
      Pending waiting = pending.remove(id);
      if (waiting != null) {
        waiting.received(frame);
      }
    } else if (frame.type() == Frame.DATA) {
      Pending waiting = pending.get(id);
      if (waiting != null) {
        waiting.received(frame);
      }
    }
    // Other types and unknown streams, such as late replies, are dropped.
  }

  private void forget(int streamId) {
    pending.remove(streamId);
  }

  /**
   * Every step may be taken again: when one fails for want of memory, whoever called this tries
   * once more, and those who were not told yet are told then.
   */
  private void lost(String reason, Throwable cause) {
    Pending.Failure failure =
        new Pending.Failure(
            TtrpcStatus.UNAVAILABLE, connection.describe() + " is lost: " + reason, cause);
    boolean first = closed.compareAndSet(null, failure);
    if (!first && toldAll) {
      return;
    }
    Pending.Failure told = first ? failure : Objects.requireNonNull(closed.get());
    writer.stop(cause instanceof IOException io ? io : new IOException(reason, cause));
    connection.close();
    // First of all, so that whose call fails below sees that the connection is gone.
    onClose.complete(new TtrpcException(told.status(), told.message(), told.cause()));
    // Who registers after this sees that the client is closed.
    pending.values().forEach(waiting -> waiting.failed(told));
    pending.clear();
    toldAll = true;
  }

  /**
   * Tells when the connection is gone.
   *
   * @return completed once with the reason, also after {@link #close}
   */
  public CompletableFuture<TtrpcException> onClose() {
    TtrpcException reason = onClose.getNow(null);
    return reason != null
        ? CompletableFuture.completedFuture(reason)
        : onClose.thenApplyAsync(
            Function.identity(), task -> OwnedThreads.handOver(options.callbacks(), task));
  }

  /** Closes the connection, fails every waiting call, and ends this client's threads. */
  @Override
  public void close() {
    lost("the client was closed", new ConnectionClosedException(connection.describe()));
    try {
      if (Thread.currentThread() != reader) {
        reader.join(JOIN_MILLIS);
      }
      writer.join(JOIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Pending.Failure late(CallOptions call) {
    return new Pending.Failure(
        TtrpcStatus.DEADLINE_EXCEEDED, "no reply within " + call.timeout(), null);
  }

  private static long nonZero(long nanos) {
    return nanos == 0 ? 1 : nanos;
  }
}
