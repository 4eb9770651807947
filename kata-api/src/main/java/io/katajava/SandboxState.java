package io.katajava;

/** The states of a sandbox, in the order they are passed. */
public enum SandboxState {
  /** The machine is being started. */
  STARTING,
  /** The agent answers. */
  RUNNING,
  /** Nothing runs in the guest, and its agent cannot be asked, until {@link Sandbox#resume()}. */
  PAUSED,
  /** The sandbox is being ended by its owner. */
  STOPPING,
  /** Process, sockets and directories are gone. */
  STOPPED,
  /** The machine or its agent went away by itself; only {@link Sandbox#close()} is left to do. */
  LOST
}
