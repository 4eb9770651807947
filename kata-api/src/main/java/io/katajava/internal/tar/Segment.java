package io.katajava.internal.tar;

/**
 * A piece of a file that has data; between two there are zeros.
 *
 * @param offset where it begins, in bytes
 * @param length how long it is, in bytes
 */
public record Segment(long offset, long length) {
  /** Pieces of data one sparse file may have in an archive. */
  static final int MOST = 1 << 16;

  long end() {
    return offset + length;
  }
}
