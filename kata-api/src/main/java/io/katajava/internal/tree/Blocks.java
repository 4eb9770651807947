package io.katajava.internal.tree;

import java.nio.ByteBuffer;

/** Runs of zeros, which become holes. */
public final class Blocks {
  /** What a file system leaves out at least. */
  public static final int SIZE = 4096;

  private static final byte[] ZEROS = new byte[64 << 10];

  private Blocks() {}

  /**
   * Whether there is nothing but zeros.
   *
   * @param buffer where
   * @param from the first byte
   * @param length how many bytes
   * @return whether all of them are zeros
   */
  public static boolean isZero(byte[] buffer, int from, int length) {
    int at = from;
    for (int left = length; left > 0; ) {
      int n = Math.min(left, ZEROS.length);
      // Compared by the processor's widest instructions, which a loop here is not.
      if (ByteBuffer.wrap(buffer, at, n).mismatch(ByteBuffer.wrap(ZEROS, 0, n)) >= 0) {
        return false;
      }
      at += n;
      left -= n;
    }
    return true;
  }
}
