package io.katajava.agent.ttrpc;

import io.katajava.agent.ttrpc.TtrpcServer.AsyncHandler;
import io.katajava.agent.ttrpc.TtrpcServer.StreamHandler;
import io.katajava.agent.ttrpc.TtrpcServer.UnaryHandler;
import io.katajava.transport.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection of a server: reads requests, hands them to their handlers, writes replies. */
final class TtrpcServerConnection {
  private static final Logger LOG = LoggerFactory.getLogger(TtrpcServerConnection.class);

  private final TtrpcServer server;
  private final Connection connection;
  private final FrameWriter writer;
  private final Map<Integer, Inbound> streams = new ConcurrentHashMap<>();

  /** Stream ids of requests that are not answered yet. */
  private final Set<Integer> active = ConcurrentHashMap.newKeySet();

  TtrpcServerConnection(TtrpcServer server, Connection connection) {
    this.server = server;
    this.connection = connection;
    this.writer = new FrameWriter(connection, connection.describe(), e -> connection.close());
  }

  void run() {
    FrameReader frames = new FrameReader(connection, true);
    try {
      Frame frame;
      while ((frame = frames.next()) != null) {
        dispatch(frame);
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      LOG.debug("{} ended: {}", connection.describe(), e.getMessage());
    } finally {
      close();
      server.ended(this);
    }
  }

  void close() {
    writer.stop(new IOException("the server closed the connection"));
    connection.close();
    Pending.Failure failure =
        new Pending.Failure(TtrpcStatus.UNAVAILABLE, "the client is gone", null);
    streams.values().forEach(inbound -> inbound.fail(failure));
  }

  private void dispatch(Frame frame) throws IOException, InterruptedException {
    byte[] body = frame.body();
    if (frame.type() == Frame.DATA) {
      Inbound inbound = streams.get(frame.streamId());
      if (inbound != null) {
        inbound.accept(frame);
      }
    } else if (frame.type() == Frame.REQUEST) {
      if (body == null) {
        refuse(frame, TtrpcStatus.INVALID_ARGUMENT, "the request is longer than 4 MiB");
      } else if ((frame.streamId() & 1) == 0) {
        refuse(frame, TtrpcStatus.INVALID_ARGUMENT, "the stream id must be odd");
      } else {
        request(frame, body);
      }
    }
  }

  private void request(Frame frame, byte[] body) throws IOException, InterruptedException {
    TtrpcRequest request;
    try {
      request = Envelope.parseRequest(body);
    } catch (IOException e) {
      refuse(frame, TtrpcStatus.INVALID_ARGUMENT, "the request is malformed: " + e.getMessage());
      return;
    }
    Map<String, Object> methods = server.service(request.service());
    Object handler = methods == null ? null : methods.get(request.method());
    if (methods == null) {
      refuse(frame, TtrpcStatus.INVALID_ARGUMENT, "there is no service " + request.service());
    } else if (handler == null) {
      String name = request.service() + "/" + request.method();
      refuse(frame, TtrpcStatus.UNIMPLEMENTED, "there is no method " + name);
    } else if (active.size() >= TtrpcServer.MAX_CALLS) {
      String problem = TtrpcServer.MAX_CALLS + " calls of this connection are not answered yet";
      refuse(frame, TtrpcStatus.RESOURCE_EXHAUSTED, problem);
    } else if (!active.add(frame.streamId())) {
      refuse(frame, TtrpcStatus.INVALID_ARGUMENT, "the stream id is in use");
    } else {
      Reply reply = new Reply(frame.streamId(), request);
      if (handler instanceof AsyncHandler async) {
        async(async, request, reply);
      } else if (handler instanceof UnaryHandler unary) {
        server.executor().execute(() -> unary(unary, request, reply));
      } else if (handler instanceof StreamHandler streaming) {
        Inbound inbound = new Inbound();
        if ((frame.flags() & Frame.REMOTE_CLOSED) != 0) {
          inbound.end();
        }
        streams.put(frame.streamId(), inbound);
        server.executor().execute(() -> streaming(streaming, request, reply, inbound));
      }
    }
  }

  private void refuse(Frame frame, TtrpcStatus status, String message)
      throws IOException, InterruptedException {
    writer.send(Envelope.response(frame.streamId(), status, message, ByteBuffer.allocate(0)));
  }

  private void async(AsyncHandler handler, TtrpcRequest request, Reply reply) {
    try {
      handler
          .handle(request)
          .whenComplete(
              (payload, failure) -> {
                if (failure != null) {
                  reply.fail(failure);
                } else {
                  reply.send(payload);
                }
              });
    } catch (RuntimeException | Error e) {
      reply.fail(e);
    }
  }

  private void unary(UnaryHandler handler, TtrpcRequest request, Reply reply) {
    try {
      reply.send(handler.handle(request));
    } catch (Exception | Error e) {
      reply.fail(e);
    }
  }

  private void streaming(
      StreamHandler handler, TtrpcRequest request, Reply reply, Inbound inbound) {
    TtrpcServerStream stream = new TtrpcServerStream(request, reply.streamId, writer, inbound);
    try {
      byte[] result = handler.handle(request, stream);
      if (result != null) {
        reply.send(result);
      } else {
        reply.write(Frame.endOfData(reply.streamId));
      }
    } catch (Exception | Error e) {
      reply.fail(e);
    } finally {
      streams.remove(reply.streamId);
    }
  }

  /** The one answer to a request; what comes after the first is dropped. */
  private final class Reply {
    private final int streamId;
    private final AtomicBoolean sent = new AtomicBoolean();
    private final @Nullable Future<?> timeout;

    Reply(int streamId, TtrpcRequest request) {
      this.streamId = streamId;
      long nanos = request.timeout().toNanos();
      this.timeout =
          nanos == 0 ? null : SharedThreads.TIMER.after(request.timeout(), () -> expire(request));
    }

    private void expire(TtrpcRequest request) {
      server
          .executor()
          .execute(
              () -> {
                String text = "the client's timeout of " + request.timeout() + " passed";
                fail(new TtrpcException(TtrpcStatus.DEADLINE_EXCEEDED, text));
              });
    }

    void send(byte[] payload) {
      write(Envelope.response(streamId, TtrpcStatus.OK, "", TtrpcServer.wrap(payload)));
    }

    void fail(Throwable failure) {
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      TtrpcStatus status =
          cause instanceof TtrpcException known ? known.status() : TtrpcStatus.INTERNAL;
      String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      write(Envelope.response(streamId, status, message, ByteBuffer.allocate(0)));
    }

    void write(ByteBuffer frame) {
      if (!sent.compareAndSet(false, true)) {
        return;
      }
      active.remove(streamId);
      if (timeout != null) {
        timeout.cancel(false);
      }
      try {
        writer.send(frame);
      } catch (IOException e) {
        LOG.debug("a reply to {} was lost: {}", connection.describe(), e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
