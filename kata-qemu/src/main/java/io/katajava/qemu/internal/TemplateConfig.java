package io.katajava.qemu.internal;

import io.katajava.MemorySize;
import io.katajava.qemu.CpuLayout;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.MemoryLayout;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuDebug;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.GenerationId;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.PanicNotifier;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.spi.VmSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a configuration looks as a template: room to grow, nothing in it that belongs to one machine
 * only, and what can be plugged in later left out.
 */
final class TemplateConfig {
  /** The least room; a possible vCPU costs the guest some 200 KiB. */
  static final int LEAST_ROOM_VCPUS = 4;

  static final int MEMORY_SLOTS = 4;
  static final MemorySize LEAST_ROOM_MEMORY = MemorySize.gibibytes(8);

  /** The unit in which memory is plugged, Linux's memory block on x86_64. */
  static final MemorySize BLOCK = MemorySize.mebibytes(128);

  private final QemuConfig config;
  private final MachineType machine;

  TemplateConfig(QemuConfig config, MachineType machine) {
    this.config = config;
    this.machine = machine;
  }

  /** Why this configuration can have no template. */
  Optional<String> obstacle() {
    if (machine == MachineType.MICROVM) {
      return Optional.of("to a microvm nothing can be plugged in later");
    }
    if (config.debug().flatMap(QemuDebug::extraMonitor).isPresent()) {
      return Optional.of("an extra monitor belongs to one machine");
    }
    if (!config.extraArguments().isEmpty()) {
      return Optional.of("what the extra arguments " + config.extraArguments() + " do is unknown");
    }
    if (!config.memoryLayout().nodes().isEmpty()) {
      return Optional.of("memory in NUMA nodes cannot be one file");
    }
    if (!(config.memoryLayout().backend() instanceof MemoryBackend.Anonymous)) {
      return Optional.of("the memory has a backend of its own");
    }
    if (config.ioThreads() > 0) {
      return Optional.of("I/O threads are for disks that are there from the start");
    }
    for (QemuDevice device : config.devices()) {
      if (device instanceof Balloon) {
        // QEMU would free it in the file, under all other clones, if it could write there.
        return Optional.of("its balloon gives memory back, which in a clone is the template's");
      }
      boolean goesAlong =
          device instanceof EntropySource
              || device instanceof GenerationId
              || device instanceof PanicNotifier;
      if (!goesAlong && !isAttached(device)) {
        return Optional.of(
            "device "
                + device.id()
                + " ("
                + device.getClass().getSimpleName()
                + ") can neither be copied nor plugged in later");
      }
    }
    return Optional.empty();
  }

  private static boolean isAttached(QemuDevice device) {
    return device instanceof Nic || (device instanceof Disk disk && disk.bus() == Disk.Bus.VIRTIO);
  }

  /** What a clone has plugged in. */
  List<QemuDevice> attachedLater() {
    return config.devices().stream().filter(TemplateConfig::isAttached).toList();
  }

  /** The template's own sizes for a machine that shall have others. */
  VmSizes sizes(VmSizes wanted) {
    VmSizes usual = config.sizes();
    long more = wanted.memory().bytes() - usual.memory().bytes();
    boolean grows = more >= 0 && MemorySize.bytes(more).isMultipleOf(BLOCK);
    return new VmSizes(
        Math.min(usual.vcpus(), wanted.vcpus()), grows ? usual.memory() : wanted.memory());
  }

  /** Why a template has no room for these sizes. */
  Optional<String> tooLarge(VmSizes wanted) {
    int vcpus = cpuLayout(sizes(wanted)).maximum();
    if (wanted.vcpus() > vcpus) {
      return Optional.of("a template has room for " + vcpus + " vCPUs");
    }
    MemoryLayout layout = memoryLayout(sizes(wanted));
    boolean grows = wanted.memory().compareTo(sizes(wanted).memory()) > 0;
    if (grows && layout.slots() == 0) {
      return Optional.of("the memory layout has no slots to plug memory into");
    }
    MemorySize most = layout.maximum().orElse(wanted.memory());
    return wanted.memory().compareTo(most) > 0
        ? Optional.of("a template has room for " + most + " of memory")
        : Optional.empty();
  }

  private CpuLayout cpuLayout(VmSizes sizes) {
    return config
        .cpuLayout()
        .orElseGet(
            () ->
                CpuLayout.upTo(
                    Math.max(
                        Math.max(LEAST_ROOM_VCPUS, sizes.vcpus()),
                        Math.min(16, Runtime.getRuntime().availableProcessors()))));
  }

  private MemoryLayout memoryLayout(VmSizes sizes) {
    MemoryLayout layout = config.memoryLayout();
    if (layout.maximum().isPresent() || !canPlugMemory()) {
      return layout;
    }
    MemorySize room = MemorySize.bytes(sizes.memory().bytes() * 4);
    return MemoryLayout.pluggable(
        room.compareTo(LEAST_ROOM_MEMORY) > 0 ? room : LEAST_ROOM_MEMORY, MEMORY_SLOTS);
  }

  private boolean canPlugMemory() {
    return machine == MachineType.Q35 || machine == MachineType.PC;
  }

  /** The configuration of the template and of its clones. */
  QemuConfig config(VmSizes sizes, MemoryBackend backend) {
    QemuConfig.Builder builder =
        config.toBuilder()
            .vcpus(sizes.vcpus())
            .memory(sizes.memory())
            .cpuLayout(cpuLayout(sizes))
            .memoryLayout(memoryLayout(sizes).on(backend))
            .devices(goingAlong());
    if (needsPorts()) {
      builder.pciePorts(
          Math.min(QemuConfig.MAXIMUM_PCIE_PORTS, config.pciePorts() + attachedLater().size()));
    }
    if (config.memoryLayout().maximum().isEmpty() && canPlugMemory()) {
      // Room above 4 GiB makes the kernel set 64 MiB aside for devices that cannot reach it; ours
      // can.
      builder.addKernelParameter("swiotlb=noforce");
    }
    return builder.build();
  }

  private boolean needsPorts() {
    return machine == MachineType.Q35
        || machine == MachineType.VIRT
        || machine == MachineType.RISCV_VIRT;
  }

  private List<QemuDevice> goingAlong() {
    List<QemuDevice> devices = new ArrayList<>();
    for (QemuDevice device : config.devices()) {
      if (device instanceof GenerationId generation) {
        // Its value is what tells the guest that it is another machine now.
        devices.add(new GenerationId(generation.id(), Optional.empty()));
      } else if (!isAttached(device)) {
        devices.add(device);
      }
    }
    return devices;
  }
}
