package io.katajava;

import java.util.Optional;

/**
 * The state of a container at one moment.
 *
 * @param state the state
 * @param outcome how its first process ended, when it is stopped
 * @param restarts how often it was started again
 */
public record ContainerStatus(State state, Optional<ExecOutcome> outcome, int restarts) {

  /** The states of a container. */
  public enum State {
    /** Made, its first process waits to be started. */
    CREATED,
    /** Its first process runs. */
    RUNNING,
    /** Its processes are frozen. */
    PAUSED,
    /** Its first process has ended; it can be started again. */
    STOPPED,
    /** Removed. */
    CLOSED,
    /** Its machine or agent is gone. */
    LOST
  }
}
