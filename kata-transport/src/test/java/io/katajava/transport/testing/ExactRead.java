package io.katajava.transport.testing;

import io.katajava.transport.Connection;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads as much as a test waits for, however it is cut on the way. */
public final class ExactRead {
  private ExactRead() {}

  /**
   * Reads so many bytes and no more.
   *
   * @param connection where from
   * @param length how many
   * @return the bytes
   * @throws EOFException if the peer hung up before
   * @throws IOException if reading failed
   */
  public static byte[] of(Connection connection, int length) throws IOException {
    ByteBuffer all = ByteBuffer.allocateDirect(length);
    while (all.hasRemaining()) {
      if (connection.read(all) < 0) {
        throw new EOFException("the peer hung up after " + all.position() + " bytes");
      }
    }
    byte[] bytes = new byte[length];
    all.get(0, bytes);
    return bytes;
  }
}
