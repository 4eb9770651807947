package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.SandboxSpec;
import io.katajava.StartPhase;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.container.PreparedContainer;
import io.katajava.internal.container.VcpuRoom;
import io.katajava.internal.link.AgentCapability;
import io.katajava.internal.link.AgentLink;
import io.katajava.internal.observe.LogContext;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.sandbox.MachineFailures;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.internal.template.StoredImage;
import io.katajava.internal.template.TemplateShelf;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a template: boots a guest whose memory is a file, makes the default container in it, runs
 * a command there once so that everything on the way of an execution has been read, and saves it.
 * While it is built it is a sandbox like any other to the ledger.
 */
final class TemplateBuild {
  static final String CREATED = "created";
  static final String VCPUS = "vcpus";
  static final String MEMORY = "memory-mebibytes";
  static final String AGENT = "agent";
  static final String CONTAINER = "container";
  static final String CONTAINER_OF = "container-of";

  private static final Duration SAVE_LIMIT = Duration.ofSeconds(60);

  private final SandboxMaker maker;
  private final VmSpec spec;
  private final List<String> key;

  TemplateBuild(SandboxMaker maker, VmSpec spec, List<String> key) {
    this.maker = maker;
    this.spec = spec;
    this.key = key;
  }

  @SuppressWarnings("try") // The context is held, not used.
  void into(Path directory) throws IOException, InterruptedException {
    StartRun run = maker.services().newRun(Deadline.after(SandboxSpec.DEFAULT_START_TIMEOUT));
    SandboxBirth birth = SandboxBirth.begin(run.watch(), "template", false, run.undo()::run);
    try (LogContext context = LogContext.of(run.sandboxId())) {
      build(run, directory);
      birth.succeeded(null);
    } catch (IOException | InterruptedException | Error e) {
      birth.failed(e);
      throw e;
    } catch (RuntimeException e) {
      throw birth.failed(MachineFailures.ofTemplate(run.timeline().current(), e));
    }
  }

  private void build(StartRun run, Path directory) throws IOException, InterruptedException {
    run.enter(StartPhase.HOST);
    run.prepareDirectory();
    Path memory = Files.createFile(directory.resolve(StoredImage.MEMORY));
    VmSpec own = new VmSpec(run.sandboxId(), spec.sizes(), spec.guest());
    VirtualMachine vm = maker.services().hypervisor().launchTemplate(own, memory, run);
    run.undo().push(vm::close);
    AgentLink link = AgentLink.establish(vm, run);
    run.undo().push(link::close);
    if (!link.can(AgentCapability.COPIES)) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "only a guest with our agent can be a template; this one is " + link.describe());
    }
    SandboxSpec quiet = quiet();
    VmSandbox sandbox =
        maker.make(
            run,
            quiet,
            own,
            vm,
            link,
            SandboxConnections.none(run.sandboxId(), quiet),
            List.of(),
            null,
            new Birth(Birth.Kind.COLD, "it is a template"));
    maker.open().track(sandbox);
    run.undo().push(sandbox::close);
    Map<String, String> values = new LinkedHashMap<>();
    try {
      sandbox.beginning().asTemplate();
      PreparedContainer container = sandbox.members().prepareDefault();
      values.put(CREATED, String.valueOf(Instant.now().toEpochMilli()));
      values.put(VCPUS, String.valueOf(spec.sizes().vcpus()));
      values.put(MEMORY, String.valueOf(spec.sizes().memory().toMebibytes()));
      values.put(AGENT, link.agentVersion());
      VcpuRoom.note(values, sandbox.members().possibleVcpus());
      values.put(CONTAINER, container.agentId());
      values.put(CONTAINER_OF, container.fingerprint());
      vm.save(directory.resolve(StoredImage.STATE), false, SAVE_LIMIT);
    } finally {
      maker.open().untrack(sandbox);
    }
    Map<String, String> hardware = vm.hardware();
    // The memory is whole when the machine is gone.
    sandbox.close();
    run.undo().forget();
    StoredImage.seal(directory, TemplateShelf.FORMAT, hardware, values, key);
  }

  /** A sandbox nobody asked for: everything is the default. */
  private static SandboxSpec quiet() {
    return SandboxSpec.builder().hostname("kata").birth(BirthPolicy.COLD).build();
  }
}
