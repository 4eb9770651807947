package io.katajava.wait;

import java.util.List;
import java.util.stream.Collectors;

/** Waits for one after the other. */
record AllWait(List<WaitStrategy> strategies) implements WaitStrategy {
  AllWait {
    if (strategies.isEmpty()) {
      throw new IllegalArgumentException("nothing is named that is to be waited for");
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    for (WaitStrategy strategy : strategies) {
      waiting.missing("waiting for " + strategy.describe());
      strategy.waitUntilReady(waiting);
    }
  }

  @Override
  public String describe() {
    return strategies.stream().map(WaitStrategy::describe).collect(Collectors.joining(" and "));
  }
}
