package io.katajava.qemu.internal;

import io.katajava.qemu.MachineType;

/** How virtio devices are attached: the last part of their drivers' names. */
enum Transport {
  PCI("-pci"),
  MMIO("-device"),
  CCW("-ccw");

  private final String suffix;

  Transport(String suffix) {
    this.suffix = suffix;
  }

  static Transport of(MachineType machine) {
    return switch (machine) {
      case MICROVM -> MMIO;
      case S390_CCW_VIRTIO -> CCW;
      default -> PCI;
    };
  }

  /** A driver's name, for example {@code virtio-blk-pci}. */
  String driver(String family) {
    return family + suffix;
  }
}
