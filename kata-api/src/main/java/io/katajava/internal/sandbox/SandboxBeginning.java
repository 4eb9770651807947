package io.katajava.internal.sandbox;

import io.katajava.SandboxEvent;
import io.katajava.SandboxState;
import io.katajava.StartPhase;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.container.PreparedContainer;
import io.katajava.internal.detached.Detachment;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The rest of a start, once the guest's agent answers: one of five ways, and each once only. */
public final class SandboxBeginning {
  private final SandboxGround ground;
  private final SandboxParts parts;
  private final SandboxContainers containers;
  private final SandboxLifecycle life;

  SandboxBeginning(SandboxGround ground, SandboxContainers containers, SandboxLifecycle life) {
    this.ground = ground;
    this.parts = ground.parts();
    this.containers = containers;
    this.life = life;
  }

  /** Of one that was booted: the sandbox inside the guest, and the default container if named. */
  public void cold() {
    ground.run().enter(StartPhase.SANDBOX);
    parts.connections().configure(parts.link().client());
    Detachment detachment = parts.detachment();
    parts
        .link()
        .createSandbox(
            ground.id(),
            ground.hostname(),
            parts.connections().resolvConf(),
            detachment == null ? "" : detachment.identity());
    ground.files().write(parts.link().client());
    begun();
  }

  /** Of one that was made of a template. */
  public void ofTemplate(PreparedContainer container) {
    ground.run().enter(StartPhase.SANDBOX);
    parts.connections().configure(parts.link().client());
    containers.bring(container);
    begun();
  }

  /** Of one that becomes a template: nothing is left under way in it. */
  public void asTemplate() {
    ground.run().enter(StartPhase.SANDBOX);
    parts.link().createSandbox(ground.id(), ground.hostname(), List.of(), "");
    ground.files().write(parts.link().client());
    ground.states().set(SandboxState.RUNNING);
  }

  /** Of a copy of one that was used. */
  public void asCopy(List<ContainerRecord> copied, Optional<String> holder) {
    ground.run().enter(StartPhase.SANDBOX);
    parts.connections().configure(parts.link().client());
    ground.states().set(SandboxState.RUNNING);
    containers.inherit(copied, holder);
    begun();
  }

  /** Of one that another JVM started. */
  public void attached(List<ContainerRecord> known, Instant started) {
    containers.resume(known);
    watch(started);
  }

  private void begun() {
    parts.connections().tell(ground.events()::emit);
    Detachment detachment = parts.detachment();
    containers.makeNamedDefault();
    if (detachment != null) {
      detachment.commit();
    }
    ground.run().endPhase();
    watch(detachment == null ? Instant.now() : detachment.started());
  }

  private void watch(Instant started) {
    life.watch(started);
    awaitOutOfMemory();
  }

  /** One call at a time waits for the next event; a failure means that there is no agent to ask. */
  private void awaitOutOfMemory() {
    parts
        .link()
        .patientClient()
        .diagnostics()
        .nextOutOfMemory()
        .thenAcceptAsync(
            agentId -> {
              containers.all().stream()
                  .filter(container -> container.agentId().equals(agentId))
                  .forEach(
                      container ->
                          ground
                              .events()
                              .emit(new SandboxEvent.OutOfMemory(Instant.now(), container.name())));
              awaitOutOfMemory();
            },
            ground.session().workers().executor());
  }
}
