package io.katajava;

import io.katajava.spi.VmExit;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** An event in the life of a sandbox. See {@link Sandbox#onEvent}. */
public sealed interface SandboxEvent {

  /**
   * When the host heard of it.
   *
   * @return by the host's clock
   */
  Instant at();

  /**
   * Others than this library can control the hypervisor: its extra monitor is open, or an extra
   * argument opens something like it. A consumer of such a sandbox is told this first, whenever it
   * subscribes.
   *
   * @param at when the consumer subscribed
   * @param reason what is open, and why
   */
  record Untrusted(Instant at, String reason) implements SandboxEvent {}

  /**
   * A container's first process was started.
   *
   * @param at when
   * @param container the container's name
   */
  record ContainerStarted(Instant at, String container) implements SandboxEvent {}

  /**
   * A container's first process has ended.
   *
   * @param at when
   * @param container the container's name
   * @param outcome how
   */
  record ContainerExited(Instant at, String container, ExecOutcome outcome)
      implements SandboxEvent {}

  /**
   * The kernel killed a process of a container because its memory limit was reached. Several kills
   * at once may be one event.
   *
   * @param at when
   * @param container the container's name
   */
  record OutOfMemory(Instant at, String container) implements SandboxEvent {}

  /**
   * The whole sandbox stands still; see {@link Sandbox#pause()}.
   *
   * @param at when
   */
  record Paused(Instant at) implements SandboxEvent {}

  /**
   * The whole sandbox runs again, with its clock set right.
   *
   * @param at when
   */
  record Resumed(Instant at) implements SandboxEvent {}

  /**
   * The guest's kernel panicked.
   *
   * @param at when
   * @param message the console's line
   */
  record GuestPanicked(Instant at, String message) implements SandboxEvent {}

  /**
   * A limit of the sandbox's life was reached.
   *
   * @param at when
   * @param kind which
   * @param limit how long it was
   * @param action what happens now
   */
  record LimitReached(Instant at, LimitKind kind, Duration limit, LimitAction action)
      implements SandboxEvent {}

  /** The limits of a sandbox's life. */
  enum LimitKind {
    /** {@link SandboxBuilder#idleLimit}. */
    IDLE,
    /** {@link SandboxBuilder#lifetimeLimit}. */
    LIFETIME
  }

  /**
   * The connection to the agent broke, though nobody closed the sandbox.
   *
   * @param at when
   * @param reason what is known
   */
  record AgentLost(Instant at, String reason) implements SandboxEvent {}

  /**
   * The hypervisor has ended, however that came. The last event of a sandbox.
   *
   * @param at when
   * @param exit how
   */
  record VmExited(Instant at, VmExit exit) implements SandboxEvent {}

  /**
   * The guest tried to reach what its network's {@link EgressPolicy} does not allow. Attempts with
   * the same destination are told once a second, and not more than 50 attempts a second in all.
   *
   * @param at when
   * @param protocol {@code tcp}, {@code udp}, or {@code dns} for a name that was not resolved
   * @param destination the address, or the name for {@code dns}; not to be trusted
   * @param port the port
   * @param name a name by which the guest got the address, when it asked for one
   * @param reason why it was refused, a clause
   * @param untold how many attempts since the last event of this kind were not told
   */
  record EgressRefused(
      Instant at,
      String protocol,
      String destination,
      int port,
      Optional<String> name,
      String reason,
      long untold)
      implements SandboxEvent {}

  /**
   * A user network had no room for what the guest or a peer of a published port wanted. Each limit
   * is told once a second at most; {@link SandboxNetwork#statistics()} counts.
   *
   * @param at when
   * @param limit which limit
   * @param what what was refused, a clause
   * @param untold how often since the last event of this limit that was not told
   */
  record NetworkLimitReached(Instant at, NetworkLimit limit, String what, long untold)
      implements SandboxEvent {}

  /** The limits of a user network. */
  enum NetworkLimit {
    /** The sandbox's TCP connections, those to it and those from it for themselves. */
    CONNECTIONS,
    /** Connections of the guest whose far end has not answered yet. */
    HALF_OPEN,
    /** The sockets that sandboxes may take of what the JVM may open, or all that it may open. */
    DESCRIPTORS
  }

  /**
   * A user network broke by a fault of ours or for want of memory: the guest has no connections any
   * more, and its published ports are closed.
   *
   * @param at when
   * @param reason what is known
   */
  record NetworkLost(Instant at, String reason) implements SandboxEvent {}
}
