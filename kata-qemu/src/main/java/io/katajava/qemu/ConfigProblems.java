package io.katajava.qemu;

import io.katajava.MemorySize;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.GenerationId;
import io.katajava.qemu.device.HostDevice;
import io.katajava.qemu.device.PanicNotifier;
import io.katajava.qemu.device.PersistentMemory;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.device.SharedDirectory;
import io.katajava.qemu.device.VhostUserDisk;
import io.katajava.qemu.device.VirtualIommu;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Settings that do not go together; each problem names both values. */
final class ConfigProblems {
  private final QemuConfig.Builder config;
  private final List<String> problems = new ArrayList<>();

  private ConfigProblems(QemuConfig.Builder config) {
    this.config = config;
  }

  static List<String> of(QemuConfig.Builder config) {
    ConfigProblems problems = new ConfigProblems(config);
    problems.processors();
    problems.memory();
    problems.machine();
    return problems.problems;
  }

  private void processors() {
    if (config.accelerator == Accelerator.TCG && "host".equals(config.cpuModel)) {
      problems.add("the CPU model host needs KVM but the accelerator is TCG");
    }
    CpuLayout layout = config.cpuLayout;
    if (layout != null && layout.maximum() < config.vcpus) {
      problems.add(
          "the layout ends at " + layout.maximum() + " vCPUs but vcpus is " + config.vcpus);
    }
  }

  private void memory() {
    MemoryLayout layout = config.memoryLayout;
    layout
        .maximum()
        .filter(maximum -> maximum.compareTo(config.memory) < 0)
        .ifPresent(
            maximum ->
                problems.add("memory can grow to " + maximum + " at most but is " + config.memory));
    if (!layout.nodes().isEmpty()) {
      long sum = layout.nodes().stream().mapToLong(node -> node.memory().bytes()).sum();
      if (sum != config.memory.bytes()) {
        problems.add(
            "the NUMA nodes have "
                + MemorySize.bytes(sum)
                + " together but memory is "
                + config.memory);
      }
      if (layout.backend() instanceof MemoryBackend.MappedFile file && layout.nodes().size() > 1) {
        problems.add("one file, " + file.path() + ", cannot be the memory of several NUMA nodes");
      }
    }
    if (!layout.backend().isShared()
        && (layout.backend() instanceof MemoryBackend.MappedFile
            || layout.backend() instanceof MemoryBackend.HugePages)) {
      config.devices.stream()
          .filter(device -> device instanceof SharedDirectory || device instanceof VhostUserDisk)
          .forEach(
              device ->
                  problems.add(
                      "device '" + device.id() + "' needs shared memory but it is private"));
    }
  }

  private void machine() {
    @Nullable MachineType machine = config.machine;
    for (QemuDevice device : config.devices) {
      if (device instanceof PersistentMemory && config.memoryLayout.maximum().isEmpty()) {
        problems.add(
            "persistent memory '" + device.id() + "' needs a memory layout with a maximum");
      }
      if (machine != null && !fits(device, machine)) {
        problems.add("device '" + device.id() + "' does not exist on " + machine.qemuName());
      }
    }
    if (config.devices.stream().filter(device -> device instanceof Balloon).count() > 1) {
      problems.add("there is more than one balloon");
    }
    if (machine == MachineType.MICROVM) {
      if (config.pciePorts != null && config.pciePorts > 0) {
        problems.add("microvm has no PCI Express ports but pciePorts is " + config.pciePorts);
      }
      if (config.memoryLayout.maximum().isPresent()) {
        problems.add("microvm's memory cannot grow but the memory layout has a maximum");
      }
      if (config.cpuLayout != null && config.cpuLayout.maximum() > config.vcpus) {
        problems.add("microvm's vCPUs cannot be plugged but the CPU layout has more than vcpus");
      }
    }
    if (machine == MachineType.PC && config.pciePorts != null && config.pciePorts > 0) {
      problems.add("pc has no PCI Express ports but pciePorts is " + config.pciePorts);
    }
  }

  private static boolean fits(QemuDevice device, MachineType machine) {
    boolean x86Pc = machine == MachineType.Q35 || machine == MachineType.PC;
    if (device instanceof VirtualIommu) {
      return machine == MachineType.Q35;
    } else if (device instanceof PanicNotifier || device instanceof GenerationId) {
      return x86Pc;
    } else if (device instanceof PersistentMemory) {
      return x86Pc || machine == MachineType.VIRT || machine == MachineType.PSERIES;
    } else if (device instanceof HostDevice) {
      return machine != MachineType.MICROVM && machine != MachineType.S390_CCW_VIRTIO;
    }
    return true;
  }
}
