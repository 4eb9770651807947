package io.katajava.wait;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.KataException;
import java.util.Optional;

/**
 * Thrown when a container did not become ready. The code is {@link ErrorCode#CONTAINER_ENDED} when
 * its first process has ended, {@link ErrorCode#CONTAINER_UNHEALTHY} when its health check has
 * failed too often, {@link ErrorCode#AGENT_LOST} when its machine was lost, and {@link
 * ErrorCode#TIMEOUT} when the time was up. The message says what was waited for and what was
 * missing last, how the process ended, and the end of its output.
 */
public final class ContainerNotReadyException extends KataException {
  private final transient Optional<ExecOutcome> outcome;
  private final String outputTail;

  /**
   * Makes the exception; {@link Waiting} does.
   *
   * @param code see above
   * @param message what was waited for, and why in vain
   * @param details sandbox and cause
   * @param outcome how the first process ended, if it did
   * @param outputTail the last lines it wrote; empty when the container keeps no log
   */
  public ContainerNotReadyException(
      ErrorCode code,
      String message,
      Details details,
      Optional<ExecOutcome> outcome,
      String outputTail) {
    super(
        code,
        outputTail.isEmpty() ? message : message + "\nits output ends:\n" + outputTail.indent(2),
        details);
    this.outcome = outcome;
    this.outputTail = outputTail;
  }

  /**
   * How the container's first process ended.
   *
   * @return empty when it still ran
   */
  public Optional<ExecOutcome> outcome() {
    return outcome;
  }

  /**
   * The last lines of its output.
   *
   * @return at most 50 lines; empty when the container keeps no log
   */
  public String outputTail() {
    return outputTail;
  }
}
