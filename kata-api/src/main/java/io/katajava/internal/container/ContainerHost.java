package io.katajava.internal.container;

import io.katajava.ContainerSpec;
import io.katajava.Deadline;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.Volume;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.link.GuestSession;
import io.katajava.spi.Rootfs;
import java.util.Map;
import java.util.Optional;

/** What a container may ask of the sandbox it is in. */
public interface ContainerHost {
  /** The sandbox as its user has it. */
  Sandbox sandbox();

  GuestSession session();

  /** The host name of all its containers. */
  String hostname();

  SandboxConnections connections();

  /** Fails unless the sandbox runs and is not about to end. */
  void requireAccepting(String what);

  /** Counts a command in, unless no more are taken; {@link #endCommand} counts it out. */
  void beginCommand(String command);

  void endCommand();

  /** How the agent's ids of commands begin that this JVM starts. */
  String execPrefix();

  void emit(SandboxEvent event);

  /** Writes down what is in a sandbox that another JVM may come to. */
  void remember();

  /** The agent's id of the container that holds a shared pid namespace. */
  Optional<String> pidHolderId();

  /** A container that carries volumes of another; not among those that are told about. */
  VmContainer makeCarrier(ContainerSpec spec);

  /** By when a container must be ready: with the start, or within as much time after it. */
  Deadline startDeadline();

  /** Plugs what a root filesystem needs; its storages then have addresses of the guest. */
  Rootfs plug(Rootfs rootfs, Deadline deadline);

  /** What the agent mounts for the directories of a container; nothing where they are copied. */
  Map<Volume.HostDirectory, Rootfs.Mount> share(ContainerSpec spec, Deadline deadline);

  /** The container has something on the host that outlives the guest. */
  void keepsOnHost();
}
