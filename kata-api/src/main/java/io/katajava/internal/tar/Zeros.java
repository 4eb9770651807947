package io.katajava.internal.tar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;

/** Finds out where a file has data and where only zeros, be they holes or written. */
final class Zeros {
  /** Shorter runs of zeros are not worth an entry in the map. */
  static final int RUN = 64 << 10;

  private static final int BUFFER = 1 << 20;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(RUN).asReadOnlyBuffer();

  private Zeros() {}

  /** The pieces that are not zeros; all of it when they are too many. */
  static List<Segment> segments(FileChannel file, long size) throws IOException {
    List<Segment> found = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    long begin = -1;
    for (long at = 0; at < size; ) {
      buffer.clear();
      int n = file.read(buffer, at);
      if (n <= 0) {
        break;
      }
      for (int from = 0; from < n; from += RUN) {
        boolean zero = isZero(buffer, from, Math.min(n, from + RUN));
        if (!zero && begin < 0) {
          begin = at + from;
        } else if (zero && begin >= 0) {
          found.add(new Segment(begin, at + from - begin));
          begin = -1;
        }
      }
      at += n;
    }
    if (begin >= 0) {
      found.add(new Segment(begin, size - begin));
    }
    return found.size() > Segment.MOST ? List.of(new Segment(0, size)) : found;
  }

  private static boolean isZero(ByteBuffer buffer, int from, int to) {
    // Compared by the processor's widest instructions, which a loop here is not.
    return buffer.slice(from, to - from).mismatch(ZEROS.slice(0, to - from)) < 0;
  }
}
