package io.katajava.qemu.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Takes over a QEMU that another JVM launched as detached. */
final class QemuAttachment {
  private static final Duration QMP_LIMIT = Duration.ofSeconds(10);

  private final QemuConfig config;
  private final VmSpec spec;
  private final QemuSockets sockets;
  private final MachineType machineType;

  QemuAttachment(QemuConfig config, VmSpec spec, Path stateDirectory, MachineType machineType) {
    this.config = config;
    this.spec = spec;
    this.sockets = new QemuSockets(stateDirectory);
    this.machineType = machineType;
  }

  QemuMachine run(long pid, Deadline deadline) throws InterruptedException {
    ForeignProcess process;
    List<String> line;
    try {
      process = ForeignProcess.of(pid);
      line =
          List.of(
              Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.UTF_8)
                  .split("\0"));
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.VM_EXITED,
          "the machine of sandbox " + spec.sandboxId() + " has ended: " + e.getMessage(),
          Details.none().withSandbox(spec.sandboxId()).withCause(e));
    }
    ConsoleSocket console = new ConsoleSocket(sockets.console());
    QemuMachine machine =
        new QemuMachine(
            spec.sandboxId(),
            process,
            console,
            line,
            sockets,
            new RunAs(null, "it runs already"),
            null,
            Openings.of(line, sockets),
            new ChangePlanner(
                config, machineType, spec, AcceleratorChoice.of(config.accelerator()).kvm()),
            MachineCopies.of(config, spec, QemuCommandLine.Origin.BOOT, null),
            new SharedDirectories(
                spec.sandboxId(),
                config.virtioFs(),
                sockets.directory(),
                new RunAs(null, "it runs already")));
    try {
      // The peer's process id is asked of the kernel: nobody else listens there.
      machine.attach(deadline.remainingAtMost(QMP_LIMIT));
    } catch (QmpInterruptedException e) {
      machine.detach();
      throw MonitorFailure.interrupted(e);
    } catch (QmpException e) {
      machine.detach();
      throw new KataException(
          ErrorCode.VM_UNRESPONSIVE,
          "QEMU, process " + pid + ", could not be attached to: " + e.getMessage(),
          Details.none()
              .withSandbox(spec.sandboxId())
              .withCause(e)
              .withRemedy("If it does not answer at all, stop it: kata stop " + spec.sandboxId()));
    }
    machine.whenConnectionEnds(process::endIsNear);
    return machine;
  }
}
