package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.DirectorySharing;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.SandboxSpec;
import io.katajava.StartPhase;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.container.PreparedContainer;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.link.AgentCapability;
import io.katajava.internal.link.AgentLink;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.run.UndoStack;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.internal.template.StoredImage;
import io.katajava.spi.ExhaustedLimit;
import io.katajava.spi.PluggedHardware;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of one start, from the specification to the running sandbox. */
public final class SandboxStart implements SandboxBirth.Way {
  private static final Logger log = LoggerFactory.getLogger(SandboxStart.class);
  private static final Duration PLUG_LIMIT = Duration.ofSeconds(10);

  private final SandboxMaker maker;
  private final RuntimeServices services;
  private final Templates templates;
  private final SandboxSpec spec;
  private final StartRun run;
  private volatile VmEvidence evidence = VmEvidence.none();

  /**
   * The template's guest answers and is given what this sandbox has more: that may fail by itself.
   */
  private boolean completing;

  public SandboxStart(SandboxMaker maker, Templates templates, SandboxSpec spec, StartRun run) {
    this.maker = maker;
    this.services = maker.services();
    this.templates = templates;
    this.spec = spec;
    this.run = run;
  }

  @Override
  public VmEvidence evidence() {
    return evidence;
  }

  @Override
  public Sandbox run() throws InterruptedException {
    run.enter(StartPhase.HOST);
    boolean detached = spec.life().detached();
    if (detached && !services.hypervisor().isDetachable()) {
      throw run.failure(
          ErrorCode.INVALID_CONFIGURATION,
          "machines of hypervisor "
              + services.hypervisor().name()
              + " end with their JVM, so a sandbox cannot be detached",
          "Leave out detached()",
          VmEvidence.none(),
          null);
    }
    if (detached && !spec.networking().networks().isEmpty()) {
      throw run.failure(
          ErrorCode.INVALID_CONFIGURATION,
          "a detached sandbox cannot have networks, because they end with this JVM",
          "Leave out detached() or network(...)",
          VmEvidence.none(),
          null);
    }
    requireSharing();
    requireUmask();
    spec.name().ifPresent(run::named);
    run.prepareDirectory();
    SandboxConnections connections =
        SandboxConnections.open(run, spec, run.watch().around(services.workers().executor()));
    run.undo().push(connections::close);

    run.enter(StartPhase.GUEST);
    VmSpec vmSpec = services.vmSpec(spec, run.sandboxId(), connections.vmNetwork(), run.deadline());
    if (detached) {
      return handedOut(booted(vmSpec, connections, "detached sandboxes are booted"));
    }
    TemplateUse use = templates.lookUp(spec.birth(), vmSpec, run.deadline());
    StoredImage template = use.image();
    String why = use.why();
    Exception unusable = null;
    if (template != null) {
      try {
        return handedOut(cloned(vmSpec, connections, template, use));
      } catch (IOException | RuntimeException e) {
        if (endsTheStart(e)) {
          throw (RuntimeException) e;
        }
        log.warn(
            "[{}] no sandbox could be made from template {}, so it is booted instead: {}",
            run.sandboxId(),
            template.directory(),
            e.getMessage());
        unusable = e;
        why = "the template that fits could not be used: " + e.getMessage();
      }
    }
    Sandbox sandbox;
    try {
      sandbox = handedOut(booted(vmSpec, connections, why));
    } catch (RuntimeException e) {
      if (unusable != null) {
        e.addSuppressed(unusable);
      }
      throw e;
    }
    if (template != null && unusable != null && !completing) {
      judge(template, unusable);
    }
    if (spec.birth() == BirthPolicy.TEMPLATE_IN_BACKGROUND) {
      templates.buildInBackground(vmSpec, use);
    }
    return sandbox;
  }

  private void requireSharing() {
    if (spec.sharing() == DirectorySharing.COPY) {
      return;
    }
    if (spec.life().detached()) {
      throw run.failure(
          ErrorCode.INVALID_CONFIGURATION,
          "a detached sandbox cannot share directories, because the processes that share them end"
              + " with this JVM",
          "Leave out detached() or directories(...)",
          VmEvidence.none(),
          null);
    }
    Optional<String> obstacle = services.hypervisor().obstacleToSharing();
    if (obstacle.isPresent() && spec.sharing() == DirectorySharing.VIRTIO_FS_OR_COPY) {
      services.tellCopying(obstacle.get());
    } else if (obstacle.isPresent()) {
      throw run.failure(
          ErrorCode.HOST_UNSUITABLE,
          "directories cannot be shared with this sandbox: " + obstacle.get(),
          "Install virtiofsd, or use DirectorySharing.VIRTIO_FS_OR_COPY",
          VmEvidence.none(),
          null);
    }
  }

  /**
   * Where neither a clone nor a boot succeeds, or the host says no, the template is not at fault.
   */
  private void judge(StoredImage template, Exception unusable) {
    boolean hostsFault =
        unusable instanceof KataException known && known.code() == ErrorCode.HOST_UNSUITABLE;
    // What this process has used up says nothing against the template.
    if (hostsFault || ExhaustedLimit.of(unusable).isPresent()) {
      return;
    }
    log.warn(
        "[{}] template {} is removed, because no sandbox could be made from it although the same"
            + " one could be booted",
        run.sandboxId(),
        template.directory());
    templates.discard(template);
  }

  /** Files that their own maker may not use make a machine fail in ways that say nothing. */
  private void requireUmask() {
    Optional<String> obstacle = ProcessUmask.obstacle();
    if (obstacle.isPresent()) {
      throw run.failure(
          ErrorCode.HOST_UNSUITABLE,
          obstacle.get(),
          "Set another umask before the JVM starts, such as umask 077",
          VmEvidence.none(),
          null);
    }
  }

  /** Whether booting instead would help nobody. */
  private boolean endsTheStart(Exception failure) {
    boolean ours =
        failure instanceof KataException known
            && (known.code() == ErrorCode.CLOSED || known.code() == ErrorCode.INTERRUPTED);
    return failure instanceof RuntimeException
        && (ours || Thread.currentThread().isInterrupted() || run.deadline().isExpired());
  }

  private Sandbox handedOut(VmSandbox sandbox) {
    maker.open().keep(sandbox);
    run.undo().forget();
    return sandbox;
  }

  private VmSandbox booted(VmSpec vmSpec, SandboxConnections connections, String why)
      throws InterruptedException {
    VirtualMachine vm = services.hypervisor().launch(vmSpec, run);
    run.undo().push(vm::close);
    try {
      AgentLink link = AgentLink.establish(vm, run);
      run.undo().push(link::close);
      Detachment detachment = spec.life().detached() ? detachment(vmSpec, link) : null;
      VmSandbox sandbox =
          sandbox(vmSpec, vm, link, connections, detachment, new Birth(Birth.Kind.COLD, why));
      sandbox.beginning().cold();
      return sandbox;
    } catch (RuntimeException | InterruptedException e) {
      evidence = vm.evidence();
      throw e;
    }
  }

  /** Leaves nothing when it fails, so that the start can go on otherwise. */
  private VmSandbox cloned(
      VmSpec vmSpec, SandboxConnections connections, StoredImage template, TemplateUse use)
      throws InterruptedException, IOException {
    String agent = template.manifest().require(TemplateBuild.AGENT);
    PreparedContainer container =
        new PreparedContainer(
            template.manifest().require(TemplateBuild.CONTAINER),
            template.manifest().require(TemplateBuild.CONTAINER_OF));
    UndoStack outer = run.undo();
    UndoStack undo = new UndoStack();
    VirtualMachine vm = services.hypervisor().restore(vmSpec, template.image(), run);
    undo.push(vm::close);
    outer.push(vm::close);
    try {
      AgentLink link = AgentLink.resume(vm, run, agent);
      undo.push(link::close);
      outer.push(link::close);
      String plugged =
          use.traits().attachedLater().isEmpty()
              ? ""
              : "; plugged in after: " + String.join(", ", use.traits().attachedLater());
      VmSandbox sandbox =
          sandbox(
              vmSpec,
              vm,
              link,
              connections,
              null,
              new Birth(
                  Birth.Kind.TEMPLATE,
                  "template " + template.directory().getFileName() + " fits" + plugged));
      // A template has no network card; those of clones get an address when they are plugged in.
      link.renew(run.sandboxId(), sandbox.hostname(), false, sandbox.files());
      completing = true;
      complete(vm, link);
      completing = false;
      sandbox.beginning().ofTemplate(container);
      return sandbox;
    } catch (RuntimeException | InterruptedException | Error e) {
      evidence = vm.evidence();
      undo.run(e);
      throw e;
    }
  }

  /** What the image does not have, before anybody uses the sandbox. */
  private void complete(VirtualMachine vm, AgentLink link) {
    PluggedHardware plugged;
    try {
      plugged = vm.complete(PLUG_LIMIT);
    } catch (KataException e) {
      throw e;
    } catch (RuntimeException e) {
      throw run.failure(
          ErrorCode.VM_START_FAILED,
          "the machine could not be given its size and devices: " + e.getMessage(),
          null,
          vm.evidence(),
          e);
    }
    if (!plugged.isNone()) {
      link.awaitHardware(plugged);
    }
  }

  private Detachment detachment(VmSpec vmSpec, AgentLink link) {
    if (!link.can(AgentCapability.PROOF_OF_SANDBOX)) {
      throw run.failure(
          ErrorCode.INVALID_CONFIGURATION,
          "a detached sandbox needs kata-java's own agent, which can prove later which sandbox it"
              + " is in, but this guest has another agent",
          "Use the default guest, or leave out detached()",
          VmEvidence.none(),
          null);
    }
    Detachment detachment = Detachment.begin(services.ledger(), spec, vmSpec, run.entry());
    run.undo().push(detachment::close);
    return detachment;
  }

  private VmSandbox sandbox(
      VmSpec vmSpec,
      VirtualMachine vm,
      AgentLink link,
      SandboxConnections connections,
      @Nullable Detachment detachment,
      Birth birth) {
    return maker.make(
        run,
        spec,
        vmSpec,
        vm,
        link,
        connections,
        services.hypervisor().describe(vmSpec),
        detachment,
        birth);
  }
}
