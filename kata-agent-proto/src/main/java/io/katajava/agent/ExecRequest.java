package io.katajava.agent;

import io.katajava.agent.oci.OciProcess;

/**
 * A further process of a running container. Maps to {@code ExecProcessRequest}.
 *
 * @param containerId the container
 * @param execId identifies the process in the container; not empty, not used before
 * @param process what runs
 * @param ports raw streams
 * @param builtin what our agent does itself instead of executing a program; empty to execute one
 */
public record ExecRequest(
    String containerId, String execId, OciProcess process, StreamPorts ports, String builtin) {

  /** Checks the id. */
  public ExecRequest {
    if (execId.isEmpty()) {
      throw new IllegalArgumentException("a process in " + containerId + " needs an exec id");
    }
  }

  /**
   * A process whose streams go through calls.
   *
   * @param containerId the container
   * @param execId identifies the process
   * @param process what runs
   */
  public ExecRequest(String containerId, String execId, OciProcess process) {
    this(containerId, execId, process, StreamPorts.NONE, "");
  }
}
