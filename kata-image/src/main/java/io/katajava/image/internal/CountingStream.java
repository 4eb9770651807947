package io.katajava.image.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/** Tells how many bytes went by, some ten times a second at most. */
final class CountingStream extends PassingStream {
  private static final long PERIOD_NANOS = 100_000_000;

  private final LongConsumer passed;
  private long untold;
  private long toldAt = System.nanoTime();

  CountingStream(InputStream in, LongConsumer passed) {
    super(in);
    this.passed = passed;
  }

  @Override
  void count(long more) {
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
  public void close() throws IOException {
    tell();
    super.close();
  }
}
