package io.katajava.internal.engine;

import io.katajava.Birth;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.SandboxSpec;
import io.katajava.StartPhase;
import io.katajava.internal.observe.LogContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmImage;
import io.katajava.spi.VmSpec;
import java.util.List;
import java.util.Optional;

/** Makes a sandbox of the state of one that was used: a fork, or one from a snapshot. */
final class SandboxRevival {
  /**
   * What there is of the one before.
   *
   * @param image its machine
   * @param agentVersion its agent
   * @param vmSpec what its machine was asked for
   * @param containers the containers that live on
   * @param defaultContainer the name of the default one
   * @param pidHolder the agent's id of the container that holds the shared pid namespace
   * @param birth how the new one is born
   */
  record Source(
      VmImage image,
      String agentVersion,
      VmSpec vmSpec,
      List<CopiedContainer> containers,
      Optional<String> defaultContainer,
      Optional<String> pidHolder,
      Birth birth) {}

  private final Engine engine;
  private final SandboxSpec spec;
  private final Source source;

  SandboxRevival(Engine engine, SandboxSpec spec, Source source) {
    this.engine = engine;
    this.spec = spec;
    this.source = source;
  }

  @SuppressWarnings("try") // The context is held, not used.
  Sandbox run(Deadline deadline) {
    StartRun run = engine.newRun(deadline);
    VmEvidence[] evidence = {VmEvidence.none()};
    run.watch().begin(source.birth().kind() == Birth.Kind.FORK ? "fork" : "restore");
    try (LogContext context = LogContext.of(run.sandboxId())) {
      run.enter(StartPhase.HOST);
      run.prepareDirectory();
      SandboxConnections connections =
          SandboxConnections.open(run, spec, run.watch().around(engine.workers().executor()));
      run.undo().push(connections::close);
      Sandbox sandbox = revive(run, connections, evidence);
      run.watch().started(source.birth().kind());
      return sandbox;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      KataException failure =
          run.failure(ErrorCode.INTERRUPTED, "the thread was interrupted", null, evidence[0], e);
      run.watch().failed(failure, true);
      run.undo().run(failure);
      throw failure;
    } catch (RuntimeException | Error e) {
      KataException failure = run.asStartFailure(e, evidence[0]);
      run.watch().failed(failure, true);
      run.undo().run(failure);
      throw failure;
    }
  }

  private Sandbox revive(StartRun run, SandboxConnections connections, VmEvidence[] evidence)
      throws InterruptedException {
    VmSpec vmSpec =
        new VmSpec(
            run.sandboxId(),
            source.vmSpec().sizes(),
            source.vmSpec().guest(),
            connections.vmNetwork(),
            false);
    VirtualMachine vm = engine.providers().hypervisor().restore(vmSpec, source.image(), run);
    run.undo().push(vm::close);
    try {
      AgentLink link = AgentLink.resume(vm, run, source.agentVersion());
      run.undo().push(link::close);
      VmSandbox sandbox =
          new VmSandbox(
              engine.parts(
                  spec,
                  vmSpec,
                  vm,
                  link,
                  connections,
                  engine.providers().hypervisor().describe(vmSpec),
                  null,
                  source.birth()),
              run,
              engine::forget);
      link.renew(run.sandboxId(), sandbox.hostname(), true, sandbox.files());
      sandbox.beginAsCopy(source.containers(), source.defaultContainer(), source.pidHolder());
      engine.keep(sandbox);
      run.undo().forget();
      return sandbox;
    } catch (RuntimeException | InterruptedException e) {
      evidence[0] = vm.evidence();
      throw e;
    }
  }
}
