package io.katajava.internal.net;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * Ethernet frames over the hypervisor's stream socket, each behind its length in four bytes, as
 * QEMU's {@code -netdev stream} has them. Nothing is lost on it: who finds no room waits until
 * there is.
 */
final class FrameLink {
  /** Receives frames. */
  interface Receiver {
    /** The frame is from position to limit; neither it nor the buffer may be kept. */
    void frame(ByteBuffer frame);
  }

  /** The largest packet of an MTU and its Ethernet header. */
  static final int LONGEST = 65535 + Packets.ETHERNET;

  private static final int PREFIX = 4;
  private static final int INBOUND = 512 << 10;
  private static final int OUTBOUND = 512 << 10;

  private final SocketChannel channel;
  private final SelectionKey key;
  private final ByteBuffer in = ByteBuffer.allocateDirect(INBOUND);
  private final ByteBuffer out = ByteBuffer.allocateDirect(OUTBOUND);
  private int sent;

  FrameLink(SocketChannel channel, SelectionKey key) {
    this.channel = channel;
    this.key = key;
  }

  /**
   * Reads once and hands on all frames that are complete.
   *
   * @return false when the hypervisor has closed its end
   * @throws ProtocolException when a length cannot be one
   */
  boolean receive(Receiver receiver) throws IOException {
    if (channel.read(in) < 0) {
      return false;
    }
    in.flip();
    while (in.remaining() >= PREFIX) {
      int length = in.getInt(in.position());
      if (length < Packets.ETHERNET || length > LONGEST) {
        throw new ProtocolException("a frame of " + length + " bytes");
      }
      if (in.remaining() < PREFIX + length) {
        break;
      }
      int begin = in.position() + PREFIX;
      int limit = in.limit();
      in.limit(begin + length).position(begin);
      receiver.frame(in);
      in.limit(limit).position(begin + length);
    }
    in.compact();
    return true;
  }

  /** The buffer for a frame of that length, which is sent by the next {@link #flush}, or null. */
  @Nullable ByteBuffer begin(int length) {
    if (out.remaining() < PREFIX + length) {
      if (out.remaining() + sent < PREFIX + length) {
        return null;
      }
      out.flip().position(sent);
      out.compact();
      sent = 0;
    }
    return out.putInt(length);
  }

  /**
   * Sends as much as goes.
   *
   * @return whether there is room for more than half of what the link holds
   */
  boolean flush() throws IOException {
    int end = out.position();
    if (sent < end) {
      out.flip().position(sent);
      channel.write(out);
      sent = out.position();
      out.limit(out.capacity()).position(end);
    }
    if (sent == end) {
      out.clear();
      sent = 0;
    }
    boolean pending = out.position() > 0;
    key.interestOps(SelectionKey.OP_READ | (pending ? SelectionKey.OP_WRITE : 0));
    return out.position() - sent < OUTBOUND / 2;
  }

  void close() {
    Channels.close(channel);
  }
}
