package io.katajava.wait;

import java.time.Duration;

/** A strategy with a time limit of its own. */
record LimitedWait(WaitStrategy strategy, Duration timeout) implements WaitStrategy {
  LimitedWait {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("a wait takes a positive time, got " + timeout);
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    strategy.waitUntilReady(waiting.within(timeout));
  }

  @Override
  public String describe() {
    return strategy.describe();
  }

  @Override
  public WaitStrategy withTimeout(Duration other) {
    return new LimitedWait(strategy, other);
  }
}
