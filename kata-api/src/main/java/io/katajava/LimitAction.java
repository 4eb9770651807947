package io.katajava;

/** The action that is taken when a sandbox reaches a limit of its life. */
public enum LimitAction {
  /** The sandbox is told of, then stopped, as by {@link Sandbox#stop}; also a detached one. */
  STOP,
  /** A {@link SandboxEvent.LimitReached} is emitted, and nothing else happens. */
  EVENT
}
