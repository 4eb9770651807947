package io.katajava.agent.ttrpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A streaming call, seen by the server's handler. It ends when the handler returns. */
public final class TtrpcServerStream {
  private final TtrpcRequest request;
  private final int streamId;
  private final FrameWriter writer;
  private final Inbound inbound;

  TtrpcServerStream(TtrpcRequest request, int streamId, FrameWriter writer, Inbound inbound) {
    this.request = request;
    this.streamId = streamId;
    this.writer = writer;
    this.inbound = inbound;
  }

  /**
   * Sends one item to the client.
   *
   * @param item an encoded message, at most 4 MiB
   * @throws IOException if the connection is lost
   * @throws InterruptedException if this thread was interrupted while the queue was full
   */
  public void send(ByteBuffer item) throws IOException, InterruptedException {
    if (item.remaining() > Frame.MAX_BODY) {
      throw new IllegalArgumentException(
          "an item has " + item.remaining() + " bytes, more than " + Frame.MAX_BODY);
    }
    writer.send(Frame.data(streamId, item));
  }

  /**
   * Waits for the client's next item.
   *
   * @param timeout the longest wait, zero for no limit
   * @return the item, or null when the client has sent its last
   * @throws TimeoutException if nothing came
   * @throws InterruptedException if this thread was interrupted
   */
  public @Nullable ByteBuffer receive(Duration timeout)
      throws TimeoutException, InterruptedException {
    return inbound.take(timeout, request.service(), request.method());
  }
}
