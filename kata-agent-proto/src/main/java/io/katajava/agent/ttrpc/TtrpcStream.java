package io.katajava.agent.ttrpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A streaming call, seen by the client. Both halves may be used at the same time by different
 * threads. The protocol has no flow control: a peer that sends more than {@value #MAX_QUEUED} bytes
 * ahead of {@link #receive} fails the stream.
 */
public final class TtrpcStream implements AutoCloseable {

  /** Most bytes that are kept for a slow receiver. */
  public static final int MAX_QUEUED = 16 << 20;

  private final String service;
  private final String method;
  private final FrameWriter writer;
  private final IntConsumer forget;
  private final Inbound inbound = new Inbound();
  private final AtomicReference<@Nullable ByteBuffer> reply = new AtomicReference<>();
  private volatile int streamId;
  private volatile boolean sendClosed;

  TtrpcStream(
      String service, String method, FrameWriter writer, IntConsumer forget, boolean sendClosed) {
    this.service = service;
    this.method = method;
    this.writer = writer;
    this.forget = forget;
    this.sendClosed = sendClosed;
  }

  void streamId(int id) {
    streamId = id;
  }

  Pending pending() {
    return new Pending() {
      @Override
      public void received(Frame frame) {
        if (frame.type() == Frame.DATA) {
          inbound.accept(frame);
        } else {
          finish(frame);
        }
      }

      @Override
      public void failed(Failure failure) {
        inbound.fail(failure);
      }
    };
  }

  private void finish(Frame frame) {
    byte[] body = frame.body();
    try {
      Envelope.Response response = Envelope.parseResponse(body == null ? new byte[0] : body);
      if (response.code() == 0) {
        reply.set(response.payload());
        inbound.end();
      } else {
        inbound.fail(
            new Pending.Failure(TtrpcStatus.of(response.code()), response.message(), null));
      }
    } catch (IOException e) {
      inbound.fail(new Pending.Failure(TtrpcStatus.INTERNAL, "the reply is malformed: " + e, e));
    }
  }

  /**
   * Sends one item.
   *
   * @param item an encoded message, at most 4 MiB; copied before this returns
   * @throws TtrpcException if the connection is lost, the item too long or the thread interrupted
   * @throws IllegalStateException if the sending half is closed
   */
  public void send(ByteBuffer item) {
    if (sendClosed) {
      throw new IllegalStateException(
          "the sending half of " + service + "/" + method + " is closed");
    }
    if (item.remaining() > Frame.MAX_BODY) {
      throw failure(
          TtrpcStatus.INVALID_ARGUMENT,
          "an item has " + item.remaining() + " bytes, more than " + Frame.MAX_BODY,
          null);
    }
    write(Frame.data(streamId, item));
  }

  /**
   * Says that no further item will be sent. The second call has no effect.
   *
   * @throws TtrpcException if the connection is lost or the thread interrupted
   */
  public void closeSend() {
    if (!sendClosed) {
      sendClosed = true;
      write(Frame.endOfData(streamId));
    }
  }

  /**
   * Waits for the next item.
   *
   * @param timeout the longest wait, zero for no limit
   * @return the item, or null when the server has sent its last
   * @throws TtrpcException if the server failed the call, the connection was lost, the time is over
   *     or the thread was interrupted
   */
  public @Nullable ByteBuffer receive(Duration timeout) {
    try {
      return inbound.take(timeout, service, method);
    } catch (TimeoutException e) {
      throw failure(TtrpcStatus.DEADLINE_EXCEEDED, "nothing received within " + timeout, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(TtrpcStatus.CANCELLED, "interrupted while receiving", e);
    }
  }

  /**
   * Waits for the single answer of a method that takes a stream; items are dropped.
   *
   * @param timeout the longest wait for each frame, zero for no limit
   * @return the encoded reply message, empty if the server ended the stream without one
   * @throws TtrpcException as {@link #receive} does
   */
  public ByteBuffer reply(Duration timeout) {
    while (receive(timeout) != null) {
      // Only the answer is wanted.
    }
    ByteBuffer answer = reply.get();
    return answer == null ? ByteBuffer.allocate(0) : answer;
  }

  /** Forgets the stream; what the server still sends is dropped. */
  @Override
  public void close() {
    forget.accept(streamId);
    inbound.fail(new Pending.Failure(TtrpcStatus.CANCELLED, "the stream was closed", null));
  }

  private void write(ByteBuffer frame) {
    try {
      writer.send(frame);
    } catch (IOException e) {
      throw failure(TtrpcStatus.UNAVAILABLE, "the connection is lost: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(TtrpcStatus.CANCELLED, "interrupted while sending", e);
    }
  }

  private TtrpcException failure(TtrpcStatus status, String message, @Nullable Throwable cause) {
    return new Pending.Failure(status, message, cause).toException(service, method);
  }
}
