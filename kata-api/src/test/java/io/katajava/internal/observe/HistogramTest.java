package io.katajava.internal.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class HistogramTest {
  private static Meter.Timer timer() {
    return new Meter.Timer(new Meter.Key("x", Map.of()));
  }

  @Test
  void percentile_ofManyDurations_isAtMostAnEighthTooLong() {
    Meter.Timer timer = timer();
    for (int millis = 1; millis <= 1000; millis++) {
      timer.add(Duration.ofMillis(millis).toNanos());
    }
    for (double part : new double[] {0.01, 0.5, 0.9, 0.95, 0.99, 0.999}) {
      Duration exact = Duration.ofMillis(Math.round(part * 1000));
      assertThat(timer.percentile(part))
          .as("%s", part)
          .isBetween(exact, exact.plus(exact.dividedBy(8)));
    }
    assertThat(timer.percentile(1)).isEqualTo(Duration.ofSeconds(1));
    assertThat(timer.countUpTo(Duration.ofMillis(500))).isBetween(437L, 500L);
    assertThat(timer.countUpTo(timer.max())).isEqualTo(1000);
    assertThat(timer.countUpTo(Duration.ofSeconds(Long.MAX_VALUE))).isEqualTo(1000);
  }

  @Property
  void anyDuration_isCountedInABucketThatEndsAtMostAnEighthBeyondIt(
      @ForAll @LongRange(min = 1, max = 1L << 42) long nanos) {
    Histogram histogram = new Histogram();
    histogram.add(nanos);
    long bound = histogram.percentile(1);
    assertThat(bound).isBetween(nanos, Math.max(1024, nanos + nanos / 8));
    assertThat(histogram.countUpTo(bound)).isEqualTo(1);
    assertThat(histogram.countUpTo(bound - 1)).isZero();
  }

  @Test
  void extremes_areCounted() {
    Meter.Timer timer = timer();
    assertThat(timer.percentile(0.5)).isZero();
    timer.add(0);
    timer.add(Duration.ofDays(1).toNanos());
    assertThat(timer.percentile(0.5)).isEqualTo(Duration.ofNanos(1024));
    assertThat(timer.percentile(1)).isEqualTo(Duration.ofDays(1));
    assertThat(timer.countUpTo(Duration.ofHours(20))).isEqualTo(1);
    assertThatThrownBy(() -> timer.percentile(95)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> timer.percentile(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
