package io.katajava.agent.ttrpc;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One message on the stream: a header of 10 bytes (length, stream id, both u32 big endian; type;
 * flags) and a body.
 */
final class Frame {
  static final int HEADER_SIZE = 10;

  /** The longest body, as in every implementation of the protocol. */
  static final int MAX_BODY = 4 << 20;

  static final int REQUEST = 1;
  static final int RESPONSE = 2;
  static final int DATA = 3;

  static final int REMOTE_CLOSED = 1;
  static final int REMOTE_OPEN = 2;
  static final int NO_DATA = 4;

  private final int streamId;
  private final int type;
  private final int flags;
  private final byte @Nullable [] body;

  Frame(int streamId, int type, int flags, byte @Nullable [] body) {
    this.streamId = streamId;
    this.type = type;
    this.flags = flags;
    this.body = body;
  }

  int streamId() {
    return streamId;
  }

  int type() {
    return type;
  }

  int flags() {
    return flags;
  }

  /** Null if it was longer than allowed and has been skipped. */
  byte @Nullable [] body() {
    return body;
  }

  /** Starts a frame whose stream id is still to be put at offset 4. */
  static ByteBuffer start(int bodyLength, int type, int flags) {
    ByteBuffer frame = ByteBuffer.allocate(HEADER_SIZE + bodyLength);
    frame.putInt(bodyLength).putInt(0).put((byte) type).put((byte) flags);
    return frame;
  }

  static ByteBuffer data(int streamId, ByteBuffer item) {
    ByteBuffer frame = start(item.remaining(), DATA, 0);
    frame.putInt(4, streamId);
    return frame.put(item.duplicate()).flip();
  }

  static ByteBuffer endOfData(int streamId) {
    ByteBuffer frame = start(0, DATA, REMOTE_CLOSED | NO_DATA);
    frame.putInt(4, streamId);
    return frame.flip();
  }
}
