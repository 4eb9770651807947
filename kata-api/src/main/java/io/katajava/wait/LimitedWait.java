package io.katajava.wait;

import java.time.Duration;
import java.util.Optional;

/** A strategy with a time limit of its own. */
record LimitedWait(WaitStrategy strategy, Duration limit) implements WaitStrategy {
  LimitedWait {
    if (limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException("the limit of a wait must be positive, got " + limit);
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    strategy.waitUntilReady(waiting.within(limit));
  }

  @Override
  public String describe() {
    return strategy.describe();
  }

  @Override
  public Optional<Duration> timeout() {
    return Optional.of(limit);
  }

  @Override
  public WaitStrategy atPort(int guestPort) {
    return new LimitedWait(strategy.atPort(guestPort), limit);
  }

  @Override
  public WaitStrategy withTimeout(Duration other) {
    return new LimitedWait(strategy, other);
  }
}
