package io.katajava.internal.tar;

import io.katajava.internal.tree.Blocks;
import io.katajava.internal.tree.OpenFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Finds out where a file has data and where only zeros, be they holes or written. */
final class Zeros {
  /** Shorter runs of zeros are not worth an entry in the map. */
  static final int RUN = 64 << 10;

  private Zeros() {}

  /** The pieces that are not zeros; all of it when they are too many. */
  static List<Segment> segments(OpenFile file, long size) throws IOException {
    List<Segment> found = new ArrayList<>();
    byte[] buffer = new byte[RUN];
    long begin = -1;
    long at = 0;
    while (at < size) {
      long data = file.nextData(at);
      // Runs begin at multiples of their length, also after a hole.
      long next = Math.min(size, data - data % RUN);
      if (next > at && begin >= 0) {
        found.add(new Segment(begin, at - begin));
        begin = -1;
      }
      at = Math.max(at, next);
      if (at >= size) {
        break;
      }
      int n = file.read(buffer, (int) Math.min(RUN, size - at), at);
      if (n == 0) {
        break;
      }
      boolean zero = Blocks.isZero(buffer, 0, n);
      if (!zero && begin < 0) {
        begin = at;
      } else if (zero && begin >= 0) {
        found.add(new Segment(begin, at - begin));
        begin = -1;
      }
      at += n;
    }
    if (begin >= 0) {
      found.add(new Segment(begin, at - begin));
    }
    return found.size() > Segment.MOST ? List.of(new Segment(0, size)) : found;
  }
}
