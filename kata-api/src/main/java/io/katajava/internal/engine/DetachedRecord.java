package io.katajava.internal.engine;

import io.katajava.ContainerLimits;
import io.katajava.SandboxSpec;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSizes;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;

/**
 * What another JVM has to know of a detached sandbox to attach to it.
 *
 * @param version of this format
 * @param identity what the agent proves the sandbox by
 * @param process the hypervisor's
 * @param started when it was started
 * @param spec what was asked for
 * @param sizes how large the machine is
 * @param guest what it booted
 * @param containers what is in it
 */
record DetachedRecord(
    int version,
    String identity,
    ProcessIdentity process,
    Instant started,
    SandboxSpec spec,
    VmSizes sizes,
    GuestAssets guest,
    List<OneContainer> containers) {
  static final int VERSION = 1;

  DetachedRecord {
    if (version != VERSION) {
      throw new IllegalArgumentException("version " + version + " is unknown, " + VERSION + " is");
    }
    containers = List.copyOf(containers);
  }

  DetachedRecord with(List<OneContainer> others) {
    return new DetachedRecord(version, identity, process, started, spec, sizes, guest, others);
  }

  /** How far a container has come. What is about to be done is written before. */
  enum Stage {
    CREATED,
    STARTING,
    STARTED
  }

  /** What a container is to its sandbox. */
  enum Role {
    PLAIN,
    DEFAULT,
    PID_HOLDER
  }

  /**
   * A container.
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
  record OneContainer(
      ContainerPlan plan,
      String agentId,
      int restarts,
      Stage stage,
      boolean paused,
      ContainerLimits limits,
      OptionalInt pid,
      Role role) {}

  /** Neither the identity nor environments are shown. */
  @Override
  public String toString() {
    return "DetachedRecord[process " + process.pid() + ", " + containers.size() + " containers]";
  }
}
