package io.katajava.agent.ttrpc;

import io.katajava.transport.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Frames made and read by hand, for peers that do not keep to the protocol. */
final class Wire {
  private Wire() {}

  static byte[] frame(int streamId, int type, int flags, byte[] body) {
    return frame(body.length, streamId, type, flags, body);
  }

  static byte[] frame(int announced, int streamId, int type, int flags, byte[] body) {
    return ByteBuffer.allocate(10 + body.length)
        .putInt(announced)
        .putInt(streamId)
        .put((byte) type)
        .put((byte) flags)
        .put(body)
        .array();
  }

  static byte[] request(int streamId, String service, String method, byte[] payload) {
    ByteBuffer frame =
        Envelope.request(service, method, ByteBuffer.wrap(payload), CallOptions.NONE, 0);
    frame.putInt(4, streamId);
    byte[] bytes = new byte[frame.capacity()];
    frame.get(0, bytes);
    return bytes;
  }

  static byte[] response(int streamId, byte[] payload) {
    ByteBuffer frame = Envelope.response(streamId, TtrpcStatus.OK, "", ByteBuffer.wrap(payload));
    byte[] bytes = new byte[frame.capacity()];
    frame.get(0, bytes);
    return bytes;
  }

  static void send(Connection connection, byte[]... frames) throws IOException {
    for (byte[] frame : frames) {
      connection.write(ByteBuffer.wrap(frame));
    }
  }
}
