package io.katajava.junit.testcontainers;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.KataException;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.WaitStrategy;
import io.katajava.wait.Waiting;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Sees to it that the first process does not end as soon as it has begun. A process of the
 * container's is started and heard of meanwhile, so that a slow machine is given more time.
 *
 * @param least how long it is to run
 * @param mayEndWell whether it may end with 0 before
 */
record StaysUp(Duration least, boolean mayEndWell) implements WaitStrategy {
  private static final Duration AT_ONCE = Duration.ofMillis(250);
  private static final Duration SHORTEST = Duration.ofMillis(1);

  /** One that does not fail at once. */
  static StaysUp begins() {
    return new StaysUp(AT_ONCE, true);
  }

  /** One that runs for so long at least. */
  static StaysUp running(Duration least) {
    if (least.isNegative() || least.isZero()) {
      throw new IllegalArgumentException(
          "the time for which a container stays up must be positive, got " + least);
    }
    return new StaysUp(least, false);
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    long begin = System.nanoTime();
    try {
      waiting.poll(
          () -> {
            try {
              waiting.container().listeningPorts();
            } catch (KataException e) {
              // What is asked does not matter; whether the process has ended is seen below.
              return true;
            }
            return true;
          });
      waiting.within(rest(begin)).await(new CompletableFuture<Void>());
    } catch (ContainerNotReadyException e) {
      boolean ran = e.code() == ErrorCode.TIMEOUT && rest(begin).equals(SHORTEST);
      boolean endedWell =
          mayEndWell && e.outcome().filter(new ExecOutcome.Exited(0)::equals).isPresent();
      if (!ran && !endedWell) {
        throw e;
      }
    }
  }

  private Duration rest(long begin) {
    Duration rest = least.minusNanos(System.nanoTime() - begin);
    return rest.compareTo(SHORTEST) < 0 ? SHORTEST : rest;
  }

  @Override
  public String describe() {
    return "it to stay up for " + least.toMillis() + " ms";
  }
}
