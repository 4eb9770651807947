package io.katajava.image.internal;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Notices every byte that goes by, read or skipped. */
abstract class PassingStream extends FilterInputStream {
  PassingStream(InputStream in) {
    super(in);
  }

  /** So many more bytes went by; 0 at the end. */
  abstract void count(long more) throws IOException;

  @Override
  public int read() throws IOException {
    int b = super.read();
    count(b < 0 ? 0 : 1);
    return b;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int n = super.read(buffer, offset, length);
    count(Math.max(0, n));
    return n;
  }

  @Override
  public long skip(long n) throws IOException {
    long skipped = super.skip(n);
    count(skipped);
    return skipped;
  }
}
