package io.katajava.qemu.internal;

import io.katajava.base.hash.Spread;
import io.katajava.qemu.CpuLayout;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuDebug;
import io.katajava.qemu.device.PersistentMemory;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.device.VirtualIommu;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** From a configuration and a machine's description to QEMU's arguments; looks at nothing else. */
final class QemuCommandLine {
  private static final String SECCOMP =
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

  private final QemuConfig config;
  private final VmSpec spec;
  private final QemuSockets sockets;
  private final boolean kvm;
  private final MachineType machine;
  private final boolean seccomp;
  private final Transport transport;
  private final DeviceParts devices;
  private final MemoryParts memory;
  private final Origin origin;

  /** What the guest begins with. */
  enum Origin {
    /** Its kernel. */
    BOOT,
    /** The state of a saved machine. */
    STATE,
    /** The state of a template, which has no network cards: they are plugged in later. */
    TEMPLATE,
    /** The same, of one whose memory had a backend and which is read from the state now. */
    STATE_AND_NAMED_MEMORY
  }

  /**
   * Prepares the arguments.
   *
   * @param seccomp whether this QEMU was built with {@code -sandbox}
   */
  QemuCommandLine(
      QemuConfig config,
      VmSpec spec,
      Path directory,
      boolean kvm,
      MachineType machine,
      boolean seccomp) {
    this(config, spec, directory, kvm, machine, seccomp, false, Origin.BOOT);
  }

  /**
   * Prepares the arguments.
   *
   * @param seccomp whether this QEMU was built with {@code -sandbox}
   * @param readOnlyMemory whether this QEMU can open memory that it does not share for reading only
   * @param origin what the guest begins with
   */
  QemuCommandLine(
      QemuConfig config,
      VmSpec spec,
      Path directory,
      boolean kvm,
      MachineType machine,
      boolean seccomp,
      boolean readOnlyMemory,
      Origin origin) {
    this.origin = origin;
    this.config = config;
    this.spec = spec;
    this.sockets = new QemuSockets(directory);
    this.kvm = kvm;
    this.machine = machine;
    this.seccomp = seccomp;
    this.transport = Transport.of(machine);
    this.devices = new DeviceParts(transport, config.ioThreads());
    this.memory =
        new MemoryParts(
            config,
            spec.sizes().memory(),
            origin == Origin.STATE_AND_NAMED_MEMORY,
            spec.sharesDirectories(),
            readOnlyMemory);
  }

  List<String> arguments() {
    List<String> line = new ArrayList<>();
    add(line, "-name", doubled("sandbox-" + spec.sandboxId()));
    add(line, "-uuid", uuid(spec.sandboxId()).toString());
    add(line, "-machine", machineValue() + memory.machineMember() + more(config.machineOptions()));
    add(line, "-accel", kvm ? "kvm" : "tcg,thread=multi");
    add(line, "-cpu", config.cpuModel().orElse(defaultCpu()) + more(config.cpuFeatures()));
    add(line, "-smp", smp());
    add(line, "-m", memory.value());
    line.addAll(memory.options());
    line.addAll(
        List.of(
            "-no-user-config", "-nodefaults", "-display", "none", "-vga", "none", "-no-reboot"));
    if (seccomp) {
      add(line, "-sandbox", config.seccompFilter().orElse(SECCOMP));
    }
    config.firmware().ifPresent(firmware -> add(line, "-bios", firmware.toString()));
    monitors(line);
    console(line);
    agentPort(line);
    ready(line);
    ports(line);
    for (QemuItem part : memory.resizable(transport)) {
      line.addAll(part.toOption());
    }
    devices(line);
    if (origin == Origin.BOOT) {
      boot(line);
    } else {
      // The kernel is in the memory already: without these files QEMU starts sooner and smaller.
      add(line, "-incoming", "defer");
    }
    line.addAll(config.extraArguments());
    return line;
  }

  /** The same for the same sandbox, so that every description of it agrees. */
  private static UUID uuid(String sandboxId) {
    Spread spread = new Spread();
    for (byte b : sandboxId.getBytes(StandardCharsets.UTF_8)) {
      spread.add(b);
    }
    // Version 8, made up by its maker (RFC 9562, 5.8).
    return new UUID(
        (spread.high() & 0xFFFF_FFFF_FFFF_0FFFL) | 0x8000L,
        (spread.low() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L);
  }

  private String machineValue() {
    String value =
        switch (machine) {
          // Without KVM every timer that is there is emulated and calibrated: 0.1 s for the PIT.
          case Q35, PC ->
              machine.qemuName()
                  + ",graphics=off,vmport=off,smm=off,hpet=off,usb=off"
                  + (kvm ? "" : ",pit=off");
          // With neither kvmclock nor PIT the kernel waits forever for its first tick.
          case MICROVM ->
              machine.qemuName()
                  + (kvm ? ",pit=off,pic=off" : "")
                  + ",rtc=on,auto-kernel-cmdline=on";
          case VIRT -> machine.qemuName() + (kvm ? ",gic-version=host" : ",gic-version=max");
          case PSERIES -> machine.qemuName() + ",usb=off";
          case RISCV_VIRT, S390_CCW_VIRTIO -> machine.qemuName();
        };
    boolean persistent = DeviceParts.any(config.devices(), PersistentMemory.class);
    // Interrupt remapping needs the I/O APIC outside the kernel.
    return value
        + (persistent ? ",nvdimm=on" : "")
        + (kvm && hasIommu() ? ",kernel-irqchip=split" : "");
  }

  /**
   * {@code host} where the host's processor runs the guest, else everything QEMU can do, except for
   * telling an x86 kernel that {@code rep movsb} is fast. It is on real processors; TCG copies byte
   * by byte, and a kernel that does not believe in it copies eight at a time.
   */
  private String defaultCpu() {
    if (kvm) {
      return "host";
    }
    // riscv64 has no max before QEMU 9, pseries none at all.
    return switch (machine) {
      case RISCV_VIRT -> "rv64";
      case PSERIES -> "power9";
      case Q35, PC, MICROVM -> "max,-erms,-fsrm";
      default -> "max";
    };
  }

  private String smp() {
    int vcpus = spec.sizes().vcpus();
    return config
        .cpuLayout()
        .filter(layout -> layout.maximum() >= vcpus)
        .map(layout -> smp(vcpus, layout))
        .orElse(Integer.toString(vcpus));
  }

  private static String smp(int vcpus, CpuLayout layout) {
    return vcpus
        + ",sockets="
        + layout.sockets()
        + ",cores="
        + layout.coresPerSocket()
        + ",threads="
        + layout.threadsPerCore()
        + ",maxcpus="
        + layout.maximum();
  }

  /** The extra monitor is the only second one, and only the debug section brings it. */
  private void monitors(List<String> line) {
    add(line, "-qmp", "unix:path=" + escaped(sockets.qmp()) + ",server=on,wait=off");
    extraMonitor()
        .ifPresent(
            monitor ->
                add(
                    line,
                    monitor.option(),
                    "unix:path=" + escaped(sockets.extraMonitor()) + ",server=on,wait=off"));
  }

  /** Last among the sockets; see {@link ReadySocket}. */
  private void ready(List<String> line) {
    add(line, "-chardev", "socket,id=ready,path=" + escaped(sockets.ready()) + ",server=off");
  }

  Optional<ExtraMonitor> extraMonitor() {
    return config.debug().flatMap(QemuDebug::extraMonitor);
  }

  /**
   * The console goes to QEMU's standard output, which the driver keeps the end of; where QEMU
   * outlives the driver, to whoever is there. What nobody takes is lost, and never kept on disk,
   * which the guest could fill.
   */
  private void console(List<String> line) {
    add(
        line,
        "-chardev",
        spec.detached()
            ? "socket,id=console,path=" + escaped(sockets.console()) + ",server=on,wait=off"
            : "stdio,id=console,signal=off");
    if (machine == MachineType.S390_CCW_VIRTIO) {
      add(line, "-device", "sclpconsole,chardev=console");
    } else {
      add(line, "-serial", "chardev:console");
    }
  }

  private void agentPort(List<String> line) {
    add(line, "-device", transport.driver("virtio-serial") + ",id=serial0,max_ports=4");
    add(
        line,
        "-chardev",
        "socket,id=agent,path=" + escaped(sockets.agent()) + ",server=on,wait=off");
    add(line, "-device", "virtserialport,chardev=agent,name=" + doubled(spec.guest().agentPort()));
  }

  /** Empty ports, into which PCI Express devices can be plugged later. */
  private void ports(List<String> line) {
    for (int i = 0; i < config.pciePorts(); i++) {
      add(
          line,
          "-device",
          "pcie-root-port,id=" + HotPlugPorts.name(i) + ",bus=pcie.0,chassis=" + (i + 1));
    }
  }

  private boolean hasIommu() {
    return DeviceParts.any(config.devices(), VirtualIommu.class);
  }

  private void devices(List<String> line) {
    devices.ioThreads().forEach(thread -> line.addAll(thread.toOption()));
    if (DeviceParts.anyOnScsi(config.devices())) {
      line.addAll(devices.scsiController().toOption());
    }
    // Devices behind an IOMMU must find it there already.
    for (QemuDevice device : config.devices()) {
      if (device instanceof VirtualIommu) {
        device(line, device);
      }
    }
    for (QemuDevice device : config.devices()) {
      if (!(device instanceof VirtualIommu)) {
        device(line, device);
      }
    }
    if (origin != Origin.TEMPLATE) {
      SandboxNics.of(spec).forEach(nic -> device(line, nic));
    }
  }

  private void device(List<String> line, QemuDevice device) {
    for (QemuItem part : devices.of(device, null)) {
      line.addAll(part.toOption());
    }
  }

  private void boot(List<String> line) {
    GuestAssets guest = spec.guest();
    add(line, "-kernel", guest.kernel().toString());
    guest.initrd().ifPresent(initrd -> add(line, "-initrd", initrd.toString()));
    add(
        line,
        "-append",
        String.join(" ", KernelParameters.of(config, machine, guest.kernelParameters())));
  }

  private static String more(List<String> options) {
    return options.isEmpty() ? "" : "," + String.join(",", options);
  }

  private static void add(List<String> line, String option, String value) {
    line.add(option);
    line.add(value);
  }

  private static String escaped(Path path) {
    return doubled(path.toString());
  }

  /** A comma in a value is doubled in QEMU's option syntax, else it begins another member. */
  private static String doubled(String value) {
    return value.replace(",", ",,");
  }
}
