package io.katajava.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The preamble of a serial port: a ttRPC-like header (length 32, stream id 0, type, flags 0), 16
 * bytes of magic, 16 bytes of nonce. The guest agent has the same definition.
 */
final class SyncFrame {
  static final int SIZE = 42;
  static final byte HELLO = 0x10;
  static final byte ANSWER = 0x11;

  private static final int BODY = 32;
  private static final int NONCE = 16;
  private static final byte[] MAGIC = "KATAJAVA-SYNC-01".getBytes(StandardCharsets.US_ASCII);
  private static final SecureRandom RANDOM = new SecureRandom();

  private SyncFrame() {}

  static byte[] nonce() {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    return nonce;
  }

  static byte[] encode(byte type, byte[] nonce) {
    ByteBuffer frame = ByteBuffer.allocate(SIZE);
    frame.putInt(BODY).putInt(0).put(type).put((byte) 0).put(MAGIC).put(nonce);
    byte[] bytes = new byte[SIZE];
    frame.get(0, bytes);
    return bytes;
  }

  /**
   * Reads until the frame has been seen, whatever precedes it and however it is cut.
   *
   * @return what was read after the frame
   */
  static ByteBuffer skipTo(byte[] frame, Connection connection) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
    byte[] last = new byte[SIZE];
    long seen = 0;
    while (true) {
      if (connection.read(buffer.clear()) < 0) {
        throw new IOException("the connection was closed before the guest answered");
      }
      buffer.flip();
      while (buffer.hasRemaining()) {
        last[(int) (seen++ % SIZE)] = buffer.get();
        if (seen >= SIZE && endsWith(last, (int) (seen % SIZE), frame)) {
          return ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
        }
      }
    }
  }

  /** Compares a ring whose oldest byte is at start. */
  private static boolean endsWith(byte[] ring, int start, byte[] frame) {
    int tail = SIZE - start;
    return Arrays.equals(ring, start, SIZE, frame, 0, tail)
        && Arrays.equals(ring, 0, start, frame, tail, SIZE);
  }
}
