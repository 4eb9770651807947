package io.katajava;

/** The states of a sandbox, in the order they are passed. */
public enum SandboxState {
  /** The machine is being started. */
  STARTING,
  /** The agent answers. */
  RUNNING,
  /** No new commands and containers; those that run are waited for. */
  DRAINING,
  /** Nothing runs in the guest, and its agent cannot be asked, until {@link Sandbox#resume()}. */
  PAUSED,
  /** The sandbox is being ended by its owner. */
  STOPPING,
  /** Process, sockets and directories are gone. */
  STOPPED,
  /** This handle let go of it; the machine goes on and can be attached to. */
  DETACHED,
  /** The machine or its agent went away by itself; only {@link Sandbox#close()} is left to do. */
  LOST
}
