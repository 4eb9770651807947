package io.katajava.internal.pool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a pool waits when a sandbox could not be started: longer each time, until one can. Under
 * the lock of the pool.
 */
final class RefillBackoff {
  private static final Duration FIRST = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private Duration next = FIRST;
  private boolean pausing;
  private @Nullable RuntimeException lastFailure;

  /** Notes a failure. Returns how long nothing is to be started. */
  Duration failed(RuntimeException failure) {
    lastFailure = failure;
    pausing = true;
    Duration pause = next;
    Duration twice = pause.multipliedBy(2);
    next = twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
    return pause;
  }

  void succeeded() {
    next = FIRST;
    lastFailure = null;
  }

  /** Why nothing could be started the last time; null when it could. */
  @Nullable RuntimeException lastFailure() {
    return lastFailure;
  }

  /** The pause is over. */
  void resume() {
    pausing = false;
  }

  boolean isPausing() {
    return pausing;
  }
}
