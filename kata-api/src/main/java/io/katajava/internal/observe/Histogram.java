package io.katajava.internal.observe;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How often durations of which length came. Every power of two of nanoseconds is cut into eight
 * buckets, so a bucket's end is at most an eighth more than what is in it. Counting allocates
 * nothing and takes no lock.
 */
final class Histogram {
  private static final int CUT_BITS = 3;
  private static final int CUTS = 1 << CUT_BITS;

  /** Up to 1024 ns everything is one bucket. */
  private static final int FIRST = 10;

  /** From 2^42 ns on, 73 minutes, everything is one bucket. */
  private static final int LAST = 42;

  private static final int SIZE = (LAST - FIRST) * CUTS + 2;

  private final AtomicLongArray counts = new AtomicLongArray(SIZE);

  void add(long nanos) {
    counts.getAndIncrement(bucket(nanos));
  }

  private static int bucket(long nanos) {
    // A bucket ends with its bound: 1024 ns is in the first.
    long above = nanos - 1;
    if (above < 1L << FIRST) {
      return 0;
    }
    int octave = Long.SIZE - 1 - Long.numberOfLeadingZeros(above);
    if (octave >= LAST) {
      return SIZE - 1;
    }
    int cut = (int) (above >>> (octave - CUT_BITS)) & (CUTS - 1);
    return 1 + (octave - FIRST) * CUTS + cut;
  }

  /** The longest duration of a bucket; of the last one, more than can be. */
  private static long bound(int bucket) {
    if (bucket == 0) {
      return 1L << FIRST;
    }
    if (bucket == SIZE - 1) {
      return Long.MAX_VALUE;
    }
    int octave = FIRST + (bucket - 1) / CUTS;
    int cut = (bucket - 1) % CUTS;
    return (1L << octave) + ((cut + 1L) << (octave - CUT_BITS));
  }

  /** How many were at most so long; all of a bucket whose end is not beyond. */
  long countUpTo(long nanos) {
    long sum = 0;
    for (int i = 0; i < SIZE && bound(i) <= nanos; i++) {
      sum += counts.get(i);
    }
    return sum;
  }

  /**
   * What this part of all durations did not exceed: the end of a bucket. Zero when there is none.
   */
  long percentile(double part) {
    long all = countUpTo(Long.MAX_VALUE);
    if (all == 0) {
      return 0;
    }
    long rank = Math.max(1, (long) Math.ceil(part * all));
    long sum = 0;
    for (int i = 0; i < SIZE; i++) {
      sum += counts.get(i);
      if (sum >= rank) {
        return bound(i);
      }
    }
    return Long.MAX_VALUE;
  }
}
