package io.katajava.wait;

import io.katajava.KataException;
import java.time.Duration;
import java.util.Optional;

/**
 * A strategy that tells when a container is ready. {@link Wait} has the usual ones; an own one is a
 * method that returns as soon as it is. Strategies are immutable and may be used for any number of
 * containers.
 */
@FunctionalInterface
public interface WaitStrategy {

  /**
   * Returns when the container is ready. All waiting is to go through {@code waiting}, which ends
   * it when the container's first process has ended and when the time is up.
   *
   * @param waiting the container and the time there is
   * @throws ContainerNotReadyException when it cannot become ready any more, or not in time
   * @throws KataException when the sandbox cannot be asked, or the thread is interrupted
   */
  void waitUntilReady(Waiting waiting);

  /**
   * What is waited for, for people.
   *
   * @return goes on after "waiting for"
   */
  default String describe() {
    return "it to be ready";
  }

  /**
   * The limit that was asked for by {@link #withTimeout}.
   *
   * @return empty when none was, so that the default counts
   */
  default Optional<Duration> timeout() {
    return Optional.empty();
  }

  /**
   * The same for a container of which one port matters most: what asks at a port, and was not told
   * at which, asks there. Default: itself.
   *
   * @param guestPort in the guest
   * @return a strategy
   */
  default WaitStrategy atPort(int guestPort) {
    return this;
  }

  /**
   * The same with another limit. Default: {@link Wait#DEFAULT_TIMEOUT}. Where strategies contain
   * others the shorter limit counts.
   *
   * @param timeout how long the wait may take, positive
   * @return a strategy
   * @throws IllegalArgumentException if it is not positive
   */
  default WaitStrategy withTimeout(Duration timeout) {
    return new LimitedWait(this, timeout);
  }
}
