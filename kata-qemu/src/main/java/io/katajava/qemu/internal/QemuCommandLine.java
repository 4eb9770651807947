package io.katajava.qemu.internal;

import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuDebug;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From a configuration and a machine's description to QEMU's arguments; looks at nothing else. */
final class QemuCommandLine {
  private static final String SECCOMP =
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

  private final QemuConfig config;
  private final VmSpec spec;
  private final QemuSockets sockets;
  private final boolean kvm;
  private final MachineType machine;

  QemuCommandLine(
      QemuConfig config, VmSpec spec, Path directory, boolean kvm, MachineType machine) {
    this.config = config;
    this.spec = spec;
    this.sockets = new QemuSockets(directory);
    this.kvm = kvm;
    this.machine = machine;
  }

  List<String> arguments() {
    List<String> line = new ArrayList<>();
    add(line, "-name", "sandbox-" + spec.sandboxId());
    add(line, "-machine", machineValue());
    add(line, "-accel", kvm ? "kvm" : "tcg,thread=multi");
    add(line, "-cpu", config.cpuModel().orElse(kvm ? "host" : "max"));
    add(line, "-smp", Integer.toString(spec.sizes().vcpus()));
    add(line, "-m", spec.sizes().memory().toMebibytes() + "M");
    line.addAll(
        List.of(
            "-no-user-config", "-nodefaults", "-display", "none", "-vga", "none", "-no-reboot"));
    add(line, "-sandbox", SECCOMP);
    config.firmware().ifPresent(firmware -> add(line, "-bios", firmware.toString()));
    monitors(line);
    console(line);
    agentPort(line);
    boot(line);
    line.addAll(config.extraArguments());
    return line;
  }

  private String machineValue() {
    return switch (machine) {
      case Q35, PC -> machine.qemuName() + ",graphics=off,vmport=off,smm=off,hpet=off,usb=off";
      case MICROVM -> machine.qemuName() + ",pit=off,pic=off,rtc=on,auto-kernel-cmdline=on";
      case VIRT -> machine.qemuName() + ",usb=off,gic-version=" + (kvm ? "host" : "max");
      case PSERIES, RISCV_VIRT -> machine.qemuName() + ",usb=off";
      case S390_CCW_VIRTIO -> machine.qemuName();
    };
  }

  /**
   * QEMU connects to us, so there is no socket to wait for; and nobody else can be first. The extra
   * monitor is the only other one, and only the debug section brings it.
   */
  private void monitors(List<String> line) {
    add(line, "-chardev", "socket,id=qmp,path=" + escaped(sockets.qmp()) + ",server=off");
    add(line, "-mon", "chardev=qmp,mode=control");
    extraMonitor()
        .ifPresent(
            monitor ->
                add(
                    line,
                    monitor.option(),
                    "unix:path=" + escaped(sockets.extraMonitor()) + ",server=on,wait=off"));
  }

  Optional<ExtraMonitor> extraMonitor() {
    return config.debug().flatMap(QemuDebug::extraMonitor);
  }

  /** The console goes to QEMU's standard output, which the driver keeps the end of. */
  private void console(List<String> line) {
    add(line, "-chardev", "stdio,id=console,signal=off");
    if (machine == MachineType.S390_CCW_VIRTIO) {
      add(line, "-device", "sclpconsole,chardev=console");
    } else {
      add(line, "-serial", "chardev:console");
    }
  }

  private void agentPort(List<String> line) {
    String transport =
        switch (machine) {
          case MICROVM -> "virtio-serial-device";
          case S390_CCW_VIRTIO -> "virtio-serial-ccw";
          default -> "virtio-serial-pci";
        };
    add(line, "-device", transport + ",id=serial0,max_ports=4");
    add(
        line,
        "-chardev",
        "socket,id=agent,path=" + escaped(sockets.agent()) + ",server=on,wait=off");
    add(line, "-device", "virtserialport,chardev=agent,name=" + spec.guest().agentPort());
  }

  private void boot(List<String> line) {
    GuestAssets guest = spec.guest();
    add(line, "-kernel", guest.kernel().toString());
    guest.initrd().ifPresent(initrd -> add(line, "-initrd", initrd.toString()));
    List<String> parameters = new ArrayList<>();
    parameters.add("console=" + consoleDevice());
    parameters.add("reboot=k");
    // Reboot at once on a panic: with -no-reboot QEMU then ends, and nobody waits for a dead guest.
    parameters.add("panic=-1");
    parameters.addAll(guest.kernelParameters());
    if (config.debug().isPresent()) {
      parameters.add("agent.log=debug");
    }
    parameters.addAll(config.kernelParameters());
    add(line, "-append", String.join(" ", parameters));
  }

  private String consoleDevice() {
    return switch (machine) {
      case VIRT -> "ttyAMA0";
      case PSERIES -> "hvc0";
      case S390_CCW_VIRTIO -> "ttysclp0";
      default -> "ttyS0";
    };
  }

  private static void add(List<String> line, String option, String value) {
    line.add(option);
    line.add(value);
  }

  /** A comma in a value is doubled in QEMU's option syntax. */
  private static String escaped(Path path) {
    return path.toString().replace(",", ",,");
  }
}
