package io.katajava.agent.ttrpc;

import io.katajava.transport.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Cuts a byte stream into frames. Used by one thread. */
final class FrameReader {
  private final Connection connection;
  private final boolean skipOversized;
  private final byte[] header = new byte[Frame.HEADER_SIZE];

  /** Bytes received and not yet used; always ready to be read from. */
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024).limit(0);

  FrameReader(Connection connection, boolean skipOversized) {
    this.connection = connection;
    this.skipOversized = skipOversized;
  }

  /** Waits for a frame; null at the end of the stream. */
  @Nullable Frame next() throws IOException {
    if (!buffer.hasRemaining() && !fill()) {
      return null;
    }
    take(header, "header");
    ByteBuffer fields = ByteBuffer.wrap(header);
    long length = Integer.toUnsignedLong(fields.getInt());
    int streamId = fields.getInt();
    int type = fields.get() & 0xff;
    int flags = fields.get() & 0xff;
    if (length > Frame.MAX_BODY) {
      if (!skipOversized) {
        throw new IOException(
            "a frame announces " + length + " bytes, more than the allowed " + Frame.MAX_BODY);
      }
      skip(length);
      return new Frame(streamId, type, flags, null);
    }
    byte[] body = new byte[(int) length];
    take(body, "body");
    return new Frame(streamId, type, flags, body);
  }

  private void take(byte[] target, String part) throws IOException {
    int done = 0;
    while (done < target.length) {
      require(part);
      int count = Math.min(buffer.remaining(), target.length - done);
      buffer.get(target, done, count);
      done += count;
    }
  }

  private void skip(long length) throws IOException {
    long left = length;
    while (left > 0) {
      require("body");
      int count = (int) Math.min(buffer.remaining(), left);
      buffer.position(buffer.position() + count);
      left -= count;
    }
  }

  private void require(String part) throws IOException {
    if (!buffer.hasRemaining() && !fill()) {
      throw new IOException("the stream ended inside the " + part + " of a frame");
    }
  }

  private boolean fill() throws IOException {
    buffer.clear();
    try {
      return connection.read(buffer) >= 0;
    } finally {
      buffer.flip();
    }
  }
}
