package io.katajava.internal.container;

import io.katajava.ContainerLimits;
import java.util.OptionalInt;

/**
 * A container at rest: all that has to be written down so that another JVM can go on with it.
 *
 * @param plan how it was made
 * @param agentId its id for the agent now
 * @param restarts how often it was started again
 * @param stage how far it has come
 * @param paused whether its processes are frozen
 * @param limits its limits now
 * @param pid of its first process, as the agent told
 * @param role what it is to the sandbox
 */
public record ContainerRecord(
    ContainerPlan plan,
    String agentId,
    int restarts,
    Stage stage,
    boolean paused,
    ContainerLimits limits,
    OptionalInt pid,
    Role role) {

  /** How far a container has come. What is about to be done is written before. */
  public enum Stage {
    CREATED,
    STARTING,
    STARTED
  }

  /** What a container is to its sandbox. */
  public enum Role {
    PLAIN,
    DEFAULT,
    PID_HOLDER
  }
}
