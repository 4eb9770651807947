package io.katajava.internal.tar;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Pieces of a file, one after the other. */
final class SegmentStream extends InputStream {
  private final FileChannel file;
  private final Deque<Segment> left;

  SegmentStream(FileChannel file, List<Segment> segments) {
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
    int n = file.read(ByteBuffer.wrap(buffer, offset, most), segment.offset());
    if (n > 0) {
      left.remove();
      if (n < segment.length()) {
        left.addFirst(new Segment(segment.offset() + n, segment.length() - n));
      }
    }
    return n;
  }
}
