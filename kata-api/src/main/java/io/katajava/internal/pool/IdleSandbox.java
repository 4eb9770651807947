package io.katajava.internal.pool;

import io.katajava.Sandbox;
import io.katajava.SandboxState;
import java.time.Duration;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sandbox that nobody has borrowed yet.
 *
 * @param sandbox the sandbox
 * @param sinceNanos when it became idle, as {@link System#nanoTime} tells time
 */
record IdleSandbox(Sandbox sandbox, long sinceNanos) {
  private static final Logger log = LoggerFactory.getLogger(IdleSandbox.class);

  boolean isFresh(Duration maximumAge) {
    return System.nanoTime() - sinceNanos < maximumAge.toNanos();
  }

  /** Whether it may be lent, which the health check is asked as well; that may take long. */
  boolean isFit(PoolSettings settings) {
    return isFresh(settings.maximumAge()) && isHealthy(settings.healthCheck());
  }

  private boolean isHealthy(Predicate<Sandbox> healthCheck) {
    try {
      return sandbox.state() == SandboxState.RUNNING && healthCheck.test(sandbox);
    } catch (RuntimeException | Error e) {
      log.debug("sandbox {} of the pool is not healthy", sandbox.id(), e);
      return false;
    }
  }
}
