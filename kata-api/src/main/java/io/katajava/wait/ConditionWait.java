package io.katajava.wait;

import io.katajava.Container;
import java.util.function.Predicate;

/** Waits until a condition holds. */
record ConditionWait(String what, Predicate<Container> condition) implements WaitStrategy {
  @Override
  public void waitUntilReady(Waiting waiting) {
    waiting.poll(() -> condition.test(waiting.container()));
  }

  @Override
  public String describe() {
    return what;
  }
}
