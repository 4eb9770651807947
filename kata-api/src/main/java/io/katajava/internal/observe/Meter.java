package io.katajava.internal.observe;

import io.katajava.KataMeter;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A figure that many threads count at once. */
abstract class Meter implements KataMeter {
  /** What a figure is known by. */
  record Key(String name, Map<String, String> tags) {

    // Written out: in a fresh JVM the first of the compiler's own, by invokedynamic, costs
    // milliseconds of the first start.
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key && name.equals(key.name) && tags.equals(key.tags);
    }

    @Override
    public int hashCode() {
      return 31 * name.hashCode() + tags.hashCode();
    }
  }

  private final Key key;
  private final Type type;

  private Meter(Key key, Type type) {
    this.key = key;
    this.type = type;
  }

  /** A number that grows. */
  static final class Counter extends Meter {
    private final LongAdder count = new LongAdder();

    Counter(Key key) {
      super(key, Type.COUNTER);
    }

    void add(long much) {
      count.add(much);
    }

    @Override
    public long count() {
      return count.sum();
    }
  }

  /** A number that is asked for. */
  static final class Gauge extends Meter {
    private final LongSupplier value;

    Gauge(Key key, LongSupplier value) {
      super(key, Type.GAUGE);
      this.value = value;
    }

    @Override
    public long count() {
      return value.getAsLong();
    }
  }

  /** Durations in nanoseconds. */
  static final class Timer extends Meter {
    private final LongAdder count = new LongAdder();
    private final LongAdder total = new LongAdder();
    private final LongAccumulator max = new LongAccumulator(Math::max, 0);
    private final Histogram histogram = new Histogram();

    Timer(Key key) {
      super(key, Type.TIMER);
    }

    void add(long nanos) {
      count.increment();
      total.add(nanos);
      max.accumulate(nanos);
      histogram.add(nanos);
    }

    @Override
    public long count() {
      return count.sum();
    }

    @Override
    public Duration total() {
      return Duration.ofNanos(total.sum());
    }

    @Override
    public Duration max() {
      return Duration.ofNanos(max.get());
    }

    @Override
    public Duration percentile(double part) {
      if (!(part >= 0 && part <= 1)) {
        throw new IllegalArgumentException("a part of all durations is 0 to 1, got " + part);
      }
      return Duration.ofNanos(Math.min(histogram.percentile(part), max.get()));
    }

    @Override
    public long countUpTo(Duration bound) {
      long nanos = TimeUnit.NANOSECONDS.convert(bound);
      // The bucket of the longest ends beyond it.
      return nanos >= max.get() ? count() : histogram.countUpTo(nanos);
    }
  }

  @Override
  public String name() {
    return key.name();
  }

  @Override
  public Map<String, String> tags() {
    return key.tags();
  }

  @Override
  public Type type() {
    return type;
  }

  @Override
  public double value() {
    return count();
  }

  @Override
  public Duration total() {
    return Duration.ZERO;
  }

  @Override
  public Duration max() {
    return Duration.ZERO;
  }

  @Override
  public Duration percentile(double part) {
    return Duration.ZERO;
  }

  @Override
  public long countUpTo(Duration bound) {
    return 0;
  }

  @Override
  public String toString() {
    return key.name() + key.tags() + " " + count() + (type == Type.TIMER ? " " + total() : "");
  }
}
