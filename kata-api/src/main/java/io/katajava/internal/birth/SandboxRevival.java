package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.Deadline;
import io.katajava.Sandbox;
import io.katajava.SandboxSpec;
import io.katajava.StartPhase;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.link.AgentLink;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmImage;
import io.katajava.spi.VmSpec;
import java.util.List;
import java.util.Optional;

/** Makes a sandbox of the state of one that was used: a fork, or one from a snapshot. */
final class SandboxRevival implements SandboxBirth.Way {
  /**
   * What there is of the one before.
   *
   * @param image its machine
   * @param agentVersion its agent
   * @param vmSpec what its machine was asked for
   * @param containers the containers that live on
   * @param pidHolder the agent's id of the container that holds the shared pid namespace
   * @param birth how the new one is born
   */
  record Source(
      VmImage image,
      String agentVersion,
      VmSpec vmSpec,
      List<ContainerRecord> containers,
      Optional<String> pidHolder,
      Birth birth) {}

  private final SandboxMaker maker;
  private final StartRun run;
  private final SandboxSpec spec;
  private final Source source;
  private volatile VmEvidence evidence = VmEvidence.none();

  private SandboxRevival(SandboxMaker maker, StartRun run, SandboxSpec spec, Source source) {
    this.maker = maker;
    this.run = run;
    this.spec = spec;
    this.source = source;
  }

  /** Makes one within a time. */
  static Sandbox of(SandboxMaker maker, SandboxSpec spec, Source source, Deadline deadline) {
    StartRun run = maker.services().newRun(deadline);
    return SandboxBirth.of(
        run,
        source.birth().kind() == Birth.Kind.FORK ? "fork" : "restore",
        new SandboxRevival(maker, run, spec, source));
  }

  @Override
  public VmEvidence evidence() {
    return evidence;
  }

  @Override
  public Sandbox run() throws InterruptedException {
    run.enter(StartPhase.HOST);
    run.prepareDirectory();
    SandboxConnections connections =
        SandboxConnections.open(
            run, spec, run.watch().around(maker.services().workers().executor()));
    run.undo().push(connections::close);
    VmSpec vmSpec =
        new VmSpec(
            run.sandboxId(),
            source.vmSpec().sizes(),
            source.vmSpec().guest(),
            connections.vmNetwork(),
            false);
    VirtualMachine vm = maker.services().hypervisor().restore(vmSpec, source.image(), run);
    run.undo().push(vm::close);
    try {
      AgentLink link = AgentLink.resume(vm, run, source.agentVersion());
      run.undo().push(link::close);
      VmSandbox sandbox =
          maker.make(
              run,
              spec,
              vmSpec,
              vm,
              link,
              connections,
              maker.services().hypervisor().describe(vmSpec),
              null,
              source.birth());
      link.renew(run.sandboxId(), sandbox.hostname(), true, sandbox.files());
      sandbox.beginning().asCopy(source.containers(), source.pidHolder());
      maker.open().keep(sandbox);
      run.undo().forget();
      return sandbox;
    } catch (RuntimeException | InterruptedException e) {
      evidence = vm.evidence();
      throw e;
    }
  }
}
