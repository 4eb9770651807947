package io.katajava.agent.ttrpc;

import io.katajava.transport.Connection;
import java.nio.ByteBuffer;
import java.util.List;

/** Gives bytes out in pieces of given sizes, over and over. */
final class ScriptedConnection implements Connection {
  private final ByteBuffer bytes;
  private final List<Integer> sizes;
  private int turn;

  ScriptedConnection(byte[] bytes, List<Integer> sizes) {
    this.bytes = ByteBuffer.wrap(bytes);
    this.sizes = sizes;
  }

  @Override
  public int read(ByteBuffer destination) {
    if (!bytes.hasRemaining()) {
      return -1;
    }
    int wanted = sizes.get(turn++ % sizes.size());
    int count = Math.min(Math.min(wanted, destination.remaining()), bytes.remaining());
    ByteBuffer piece = bytes.duplicate();
    piece.limit(piece.position() + count);
    destination.put(piece);
    bytes.position(bytes.position() + count);
    return count;
  }

  @Override
  public void write(ByteBuffer... sources) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}

  @Override
  public String describe() {
    return "scripted";
  }
}
