package io.katajava.internal.tar;

import io.katajava.internal.tree.OpenFile;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Pieces of a file, one after the other. */
final class SegmentStream extends InputStream {
  private final OpenFile file;
  private final Deque<Segment> left;

  SegmentStream(OpenFile file, List<Segment> segments) {
    this.file = file;
    this.left = new ArrayDeque<>(segments);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Segment segment = left.peek();
    if (segment == null) {
      return -1;
    }
    int most = (int) Math.min(length, segment.length());
    byte[] piece = new byte[most];
    int n = file.read(piece, most, segment.offset());
    if (n == 0) {
      // A whole segment of no length is left out before; so the file has become shorter.
      return -1;
    }
    System.arraycopy(piece, 0, buffer, offset, n);
    left.remove();
    if (n < segment.length()) {
      left.addFirst(new Segment(segment.offset() + n, segment.length() - n));
    }
    return n;
  }
}
