package io.katajava.wait;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * One wait for one container: how much time there is, and ways to wait that end at once when the
 * container's first process does. Safe for several threads.
 */
public interface Waiting {

  /**
   * The container waited for.
   *
   * @return the container, started
   */
  Container container();

  /**
   * How much time is left.
   *
   * @return not negative
   */
  Duration remaining();

  /**
   * Notes what is still missing, for the message of the failure when the time is up.
   *
   * @param reason the last one noted counts
   */
  void missing(String reason);

  /**
   * Waits for an event.
   *
   * @param event completes when it has come
   * @param <T> what it brings
   * @return its value
   * @throws ContainerNotReadyException when the process ends or the time is up before
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted; what
   *     the event fails with, if that is unchecked
   */
  <T> T await(CompletableFuture<T> event);

  /**
   * Asks again and again, with pauses of 10 ms that grow to 250 ms, until the answer is yes. For
   * what sends no event.
   *
   * @param probe asks; what it throws means "not yet", and is the reason noted
   * @throws ContainerNotReadyException when the process ends or the time is up before
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted
   */
  void poll(Probe probe);

  /**
   * What to throw when the container runs and yet cannot become ready any more.
   *
   * @param reason goes on after the container's name
   * @return a failure with {@link ErrorCode#CONTAINER_UNHEALTHY}, what was noted as missing last,
   *     and the end of the container's output
   */
  ContainerNotReadyException unhealthy(String reason);

  /**
   * The same wait with a limit from now on. It replaces {@link Wait#DEFAULT_TIMEOUT}, but extends
   * no limit that was asked for.
   *
   * @param limit positive
   * @return a wait for the same container
   */
  Waiting within(Duration limit);

  /**
   * The same wait with the default time, {@link Wait#DEFAULT_TIMEOUT}, beginning now. A limit that
   * was asked for goes on as it is.
   *
   * @return a wait for the same container
   */
  default Waiting afresh() {
    return this;
  }

  /** A question that takes little time. */
  @FunctionalInterface
  interface Probe {
    /**
     * Asks.
     *
     * @return whether it is so
     * @throws Exception when it cannot be said yet
     */
    boolean ask() throws Exception;
  }
}
