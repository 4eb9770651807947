package io.katajava.wait;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Waits for one after the other. The time that one was given by itself is not taken from the
 * default, which counts for the others.
 */
record AllWait(List<WaitStrategy> strategies) implements WaitStrategy {
  AllWait {
    if (strategies.isEmpty()) {
      throw new IllegalArgumentException("a combined wait needs at least one condition");
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    Waiting now = waiting;
    for (WaitStrategy strategy : strategies) {
      now.missing("waiting for " + strategy.describe());
      strategy.waitUntilReady(now);
      if (strategy.timeout().isPresent()) {
        now = now.afresh();
      }
    }
  }

  @Override
  public WaitStrategy atPort(int guestPort) {
    return new AllWait(strategies.stream().map(one -> one.atPort(guestPort)).toList());
  }

  @Override
  public String describe() {
    return strategies.stream().map(WaitStrategy::describe).collect(Collectors.joining(" and "));
  }
}
