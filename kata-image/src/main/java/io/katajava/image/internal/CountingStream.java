package io.katajava.image.internal;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/** Tells how many bytes went by, some ten times a second at most. */
final class CountingStream extends FilterInputStream {
  private static final long PERIOD_NANOS = 100_000_000;

  private final LongConsumer passed;
  private long untold;
  private long toldAt = System.nanoTime();

  CountingStream(InputStream in, LongConsumer passed) {
    super(in);
    this.passed = passed;
  }

  private void count(long more) {
    untold += more;
    long now = System.nanoTime();
    if (now - toldAt > PERIOD_NANOS) {
      tell();
      toldAt = now;
    }
  }

  private void tell() {
    if (untold > 0) {
      passed.accept(untold);
      untold = 0;
    }
  }

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

  @Override
  public void close() throws IOException {
    tell();
    super.close();
  }
}
