package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.StartPhase;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuDebug;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpProtocolException;
import io.katajava.qmp.QmpTimeoutException;
import io.katajava.spi.Ending;
import io.katajava.spi.StartContext;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One launch: checks, spawns QEMU, takes its QMP connection. Leaves nothing when it fails. */
final class QemuLaunch {
  private static final Logger log = LoggerFactory.getLogger(QemuLaunch.class);
  private static final Duration QMP_LIMIT = Duration.ofSeconds(30);

  static final Duration PROBE_LIMIT = Duration.ofSeconds(5);

  /** QEMU closes its sockets a little before it has ended. */
  private static final Duration LAST_GASP = Duration.ofSeconds(1);

  private final QemuConfig config;
  private final CapabilityCache cache;
  private final VmSpec spec;
  private final StartContext context;
  private final MachineType machineType;
  private final AcceleratorChoice accelerator;
  private final QemuSockets sockets;
  private final QemuCommandLine.Origin origin;

  /** The file that is the guest's memory, which QEMU's user is given rights on; or null. */
  private final @Nullable SharedMemoryFile memoryFile;

  QemuLaunch(
      QemuConfig config,
      CapabilityCache cache,
      VmSpec spec,
      StartContext context,
      MachineType machineType) {
    this(config, cache, spec, context, machineType, QemuCommandLine.Origin.BOOT, null);
  }

  QemuLaunch(
      QemuConfig config,
      CapabilityCache cache,
      VmSpec spec,
      StartContext context,
      MachineType machineType,
      QemuCommandLine.Origin origin,
      @Nullable SharedMemoryFile memoryFile) {
    this.origin = origin;
    this.memoryFile = memoryFile;
    this.cache = cache;
    this.config = config;
    this.spec = spec;
    this.context = context;
    this.machineType = machineType;
    this.accelerator = AcceleratorChoice.of(config.accelerator());
    this.sockets = new QemuSockets(context.stateDirectory());
  }

  QemuMachine run() throws InterruptedException {
    context.enter(StartPhase.VM_PROCESS);
    LaunchChecks checks = new LaunchChecks(config, spec, context, machineType, accelerator.kvm());
    Path binary = checks.binary();
    if (origin == QemuCommandLine.Origin.BOOT) {
      checks.bootFiles();
      checks.kernelParameters();
    }
    checks.memory();
    if (origin == QemuCommandLine.Origin.BOOT) {
      checks.crowd();
    }
    QemuCapabilities capabilities = capabilities(binary);
    RunAs runAs =
        RunAs.take(
            spec.sandboxId(),
            context.stateDirectory(),
            HostFiles.of(config, spec, binary, memoryFile));
    try (MappedMemory memory = MappedMemory.of(memoryFile, capabilities, runAs)) {
      runAs.own(context.stateDirectory());
      for (Path socket : SandboxNics.sockets(spec).toList()) {
        runAs.own(socket);
      }
      if (memoryFile != null) {
        memoryFile.giveTo(runAs);
      }
      try (ReadySocket ready = ReadySocket.listen(sockets.ready())) {
        runAs.own(sockets.ready());
        QemuMachine machine =
            spawn(line(binary, capabilities, memory), runAs, capabilities, memory, ready);
        if (!machine.isAsKnown()) {
          log.info("{} runs another QEMU than before, which is asked what it can do", binary);
          cache.forget(binary);
        }
        return machine;
      }
    } catch (IOException e) {
      runAs.release();
      throw context.failure(
          ErrorCode.HOST_UNSUITABLE,
          "cannot prepare " + context.stateDirectory() + " for QEMU: " + e.getMessage(),
          "Check that this directory can be written and that its path is short",
          VmEvidence.none(),
          e);
    } catch (RuntimeException | InterruptedException | Error e) {
      runAs.release();
      throw e;
    }
  }

  private List<String> line(Path binary, QemuCapabilities capabilities, MappedMemory memory) {
    List<String> line = new ArrayList<>();
    line.add(binary.toString());
    line.addAll(
        new QemuCommandLine(
                memory.in(config),
                spec,
                context.stateDirectory(),
                accelerator.kvm(),
                machineType,
                capabilities.seccomp(),
                memory.readOnly(),
                origin)
            .arguments());
    return line;
  }

  private QemuCapabilities capabilities(Path binary) throws InterruptedException {
    QemuCapabilities capabilities;
    try {
      capabilities =
          cache.of(binary, atLeastOneMilli(context.deadline().remainingAtMost(PROBE_LIMIT)));
    } catch (IOException e) {
      log.debug("[{}] {}", spec.sandboxId(), e.getMessage(), e);
      // The start itself will tell better what is wrong with it.
      return QemuCapabilities.unknown(machineType.qemuName());
    }
    if (!capabilities.machines().contains(machineType.qemuName())) {
      throw context.failure(
          ErrorCode.INVALID_CONFIGURATION,
          binary
              + " (QEMU "
              + capabilities.version()
              + ") has no machine "
              + machineType.qemuName()
              + "; it has "
              + String.join(", ", capabilities.machines()),
          "Choose another machine or another binary",
          VmEvidence.none(),
          null);
    }
    return capabilities;
  }

  private QemuMachine spawn(
      List<String> line,
      RunAs runAs,
      QemuCapabilities capabilities,
      MappedMemory memory,
      ReadySocket ready)
      throws InterruptedException {
    List<String> whole = new ArrayList<>(memory.prefix());
    whole.addAll(tie(runAs, memory).arguments());
    whole.addAll(line);
    ProcessBuilder builder = new ProcessBuilder(whole);
    memory.handTo(builder);
    builder.directory(context.stateDirectory().toFile());
    builder.environment().keySet().removeIf(name -> !name.equals("PATH") && !name.equals("LANG"));
    Process process;
    try {
      process = Spawner.spawn(builder);
    } catch (IOException e) {
      throw context.failure(
          ErrorCode.VM_START_FAILED,
          "QEMU could not be started: " + e.getMessage(),
          "Check that " + line.get(0) + " and setpriv can be executed",
          new VmEvidence(line, OptionalInt.empty(), "", ""),
          e);
    }
    QemuMachine machine;
    try {
      machine = machine(process, line, runAs, capabilities);
    } catch (RuntimeException | Error e) {
      // There is no thread to be had for its output, for example.
      process.destroyForcibly();
      throw e;
    }
    try {
      context.recordProcess(process.pid());
      connect(machine, ready);
      warnIfUntrusted();
      return machine;
    } catch (RuntimeException | InterruptedException | Error e) {
      new Ending("the launch of sandbox " + spec.sandboxId())
          .step("ending QEMU", machine::close)
          .addTo(e);
      throw e;
    }
  }

  private QemuMachine machine(
      Process process, List<String> line, RunAs runAs, QemuCapabilities capabilities) {
    return new QemuMachine(
        spec.sandboxId(),
        process,
        spec.detached() ? new ConsoleSocket(sockets.console()) : null,
        line,
        sockets,
        runAs,
        capabilities,
        Openings.of(config),
        new ChangePlanner(config, machineType, spec, accelerator.kvm()),
        MachineCopies.of(config, spec, origin, memoryFile),
        new SharedDirectories(
            spec.sandboxId(), config.virtioFs(), context.stateDirectory(), runAs));
  }

  private ProcessTie tie(RunAs runAs, MappedMemory memory) {
    boolean opensMemory = memoryFile != null && !memoryFile.isWritten() && memory.sealed() == null;
    return new ProcessTie(spec, context, runAs, accelerator.kvm(), opensMemory);
  }

  private void connect(QemuMachine machine, ReadySocket ready) throws InterruptedException {
    context.enter(StartPhase.QMP);
    Duration limit = context.deadline().remainingAtMost(QMP_LIMIT);
    try {
      ready.await(machine, limit);
      machine.observe(context.commands());
      machine.attach(atLeastOneMilli(context.deadline().remainingAtMost(QMP_LIMIT)));
    } catch (QmpInterruptedException e) {
      throw MonitorFailure.interrupted(e);
    } catch (QmpProtocolException e) {
      throw context.failure(
          ErrorCode.VM_UNRESPONSIVE,
          "the program at the QMP connection does not speak QMP: " + e.getMessage(),
          "Check that the binary is QEMU",
          machine.evidence(),
          e);
    } catch (IOException | TimeoutException | QmpException e) {
      boolean late = e instanceof TimeoutException || e instanceof QmpTimeoutException;
      machine.awaitExit(late ? Duration.ZERO : LAST_GASP);
      throw unanswered(machine.evidence(), limit, e);
    }
  }

  private static Duration atLeastOneMilli(Duration limit) {
    return limit.toMillis() < 1 ? Duration.ofMillis(1) : limit;
  }

  private KataException unanswered(VmEvidence evidence, Duration limit, Exception e) {
    if (evidence.exitStatus().isPresent()) {
      return context.failure(
          ErrorCode.VM_START_FAILED,
          "QEMU ended at once with status "
              + evidence.exitStatus().getAsInt()
              + firstLine(evidence.stderrTail()),
          "Read QEMU's message; explain() and the evidence show its command line",
          evidence,
          e);
    }
    boolean late = e instanceof TimeoutException || e instanceof QmpTimeoutException;
    String why = e.getMessage() == null ? "" : ": " + e.getMessage();
    return late
        ? context.failure(
            ErrorCode.VM_UNRESPONSIVE,
            "QEMU did not answer on its QMP connection within " + limit.toMillis() + " ms" + why,
            "If the host is overloaded, raise startTimeout(...)",
            evidence,
            e)
        : context.failure(
            ErrorCode.VM_UNRESPONSIVE,
            "there is no QMP connection to QEMU" + why,
            "Check that "
                + context.stateDirectory()
                + " can be reached and that this process may open further files",
            evidence,
            e);
  }

  /** Once, however many ways in there are. */
  private void warnIfUntrusted() {
    boolean monitor = config.debug().flatMap(QemuDebug::extraMonitor).isPresent();
    if (monitor) {
      restrict(sockets.extraMonitor());
    }
    List<Choice> openings = Openings.of(config);
    if (!openings.isEmpty()) {
      log.warn(
          "[{}] QEMU is untrusted: {}{}",
          spec.sandboxId(),
          openings.stream()
              .map(opening -> opening.what() + " " + opening.chosen())
              .collect(Collectors.joining("; ")),
          monitor ? "; the extra monitor is open at " + sockets.extraMonitor() : "");
    }
  }

  private static void restrict(Path socket) {
    try {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      // The directory itself is closed to others; this was the second lock.
      log.debug("cannot restrict {}", socket, e);
    }
  }

  private static String firstLine(@Nullable String text) {
    if (text == null || text.isBlank()) {
      return "";
    }
    return ": " + text.strip().lines().findFirst().orElse("");
  }
}
