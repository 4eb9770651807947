package io.katajava.internal.sandbox;

import io.katajava.ContainerSpec;
import io.katajava.Deadline;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.Volume;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.container.ContainerHost;
import io.katajava.internal.container.VmContainer;
import io.katajava.internal.link.GuestSession;
import io.katajava.spi.Rootfs;
import java.util.Map;
import java.util.Optional;

/** A sandbox as its containers see it. */
final class SandboxForContainers implements ContainerHost {
  private final SandboxGround ground;
  private final SandboxContainers containers;

  SandboxForContainers(SandboxGround ground, SandboxContainers containers) {
    this.ground = ground;
    this.containers = containers;
  }

  @Override
  public Sandbox sandbox() {
    return ground.sandbox();
  }

  @Override
  public GuestSession session() {
    return ground.session();
  }

  @Override
  public String hostname() {
    return ground.hostname();
  }

  @Override
  public SandboxConnections connections() {
    return ground.parts().connections();
  }

  @Override
  public void requireAccepting(String what) {
    ground.states().requireAccepting(what);
  }

  @Override
  public void beginCommand(String command) {
    ground.activity().enter();
    if (ground.states().refusesCommands()) {
      ground.activity().leave();
      requireAccepting("execute " + command);
    }
  }

  @Override
  public void endCommand() {
    ground.activity().leave();
  }

  @Override
  public String execPrefix() {
    return ground.execPrefix();
  }

  @Override
  public void emit(SandboxEvent event) {
    ground.events().emit(event);
  }

  @Override
  public void remember() {
    containers.remember();
  }

  @Override
  public Optional<String> pidHolderId() {
    return containers.pidHolderId();
  }

  @Override
  public VmContainer makeCarrier(ContainerSpec spec) {
    return containers.makeCarrier(spec);
  }

  @Override
  public Deadline startDeadline() {
    return ground.startDeadline();
  }

  @Override
  public Rootfs plug(Rootfs rootfs, Deadline deadline) {
    return ground.disks().plug(rootfs, deadline);
  }

  @Override
  public Map<Volume.HostDirectory, Rootfs.Mount> share(ContainerSpec spec, Deadline deadline) {
    return ground.shares().of(spec, deadline);
  }

  @Override
  public void keepsOnHost() {
    ground.keepsOnHost();
  }
}
