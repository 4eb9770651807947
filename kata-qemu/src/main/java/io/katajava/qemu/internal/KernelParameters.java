package io.katajava.qemu.internal;

import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.VirtualIommu;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The guest kernel's command line: the machine's needs, the guest's, the user's last. */
final class KernelParameters {
  private KernelParameters() {}

  static List<String> of(QemuConfig config, MachineType machine, List<String> guest) {
    List<String> parameters = new ArrayList<>();
    parameters.add("console=" + console(machine));
    if (machine.architecture().equals("x86_64")) {
      parameters.add("reboot=k");
    }
    // Reboot at once on a panic: with -no-reboot QEMU then ends, and nobody waits for a dead guest.
    parameters.add("panic=-1");
    if (DeviceParts.any(config.devices(), VirtualIommu.class)) {
      parameters.add("intel_iommu=on");
      parameters.add("iommu=pt");
    }
    if (config.debug().isPresent()) {
      parameters.add("debug");
      parameters.add("agent.log=debug");
    } else {
      // Warnings and panics still reach the console. The other 300 lines cost each start time: a
      // serial port takes byte by byte.
      parameters.add("quiet");
    }
    parameters.addAll(guest);
    parameters.addAll(config.kernelParameters());
    return parameters;
  }

  /**
   * The longest command line in bytes: {@code COMMAND_LINE_SIZE} of Linux' {@code setup.h} less the
   * final NUL. What is longer a kernel cuts off without a word, and the guest never finds its
   * agent.
   */
  static int limit(MachineType machine) {
    return switch (machine) {
      case Q35, PC, MICROVM, VIRT, PSERIES -> 2047;
      case S390_CCW_VIRTIO -> 4095;
      case RISCV_VIRT -> 1023;
    };
  }

  /** As the kernel counts them, with a blank between each two. */
  static int length(List<String> parameters) {
    return String.join(" ", parameters).getBytes(StandardCharsets.UTF_8).length;
  }

  private static String console(MachineType machine) {
    return switch (machine) {
      case VIRT -> "ttyAMA0";
      case PSERIES -> "hvc0";
      case S390_CCW_VIRTIO -> "ttysclp0";
      default -> "ttyS0";
    };
  }
}
