package io.katajava.qemu;

/** The machine types that this driver knows, by QEMU's {@code -machine}. */
public enum MachineType {
  /** x86_64: PCI Express, the default there. */
  Q35("q35", "x86_64"),
  /** x86_64: the older PC with plain PCI. */
  PC("pc", "x86_64"),
  /** x86_64: virtio-mmio only; no hot-plug of memory, block devices or networks. */
  MICROVM("microvm", "x86_64"),
  /** aarch64: the default there. */
  VIRT("virt", "aarch64"),
  /** ppc64: the default there. */
  PSERIES("pseries", "ppc64"),
  /** s390x: the default there. */
  S390_CCW_VIRTIO("s390-ccw-virtio", "s390x"),
  /** riscv64: the default there. */
  RISCV_VIRT("virt", "riscv64");

  private final String qemuName;
  private final String architecture;

  MachineType(String qemuName, String architecture) {
    this.qemuName = qemuName;
    this.architecture = architecture;
  }

  /** Whether devices are plugged into PCI Express ports. */
  boolean hasPciePorts() {
    return this == Q35 || this == VIRT || this == RISCV_VIRT;
  }

  /**
   * QEMU's name of the machine.
   *
   * @return the value of {@code -machine}
   */
  public String qemuName() {
    return qemuName;
  }

  /**
   * The architecture it belongs to, as in {@code qemu-system-<architecture>}.
   *
   * @return QEMU's name of the architecture
   */
  public String architecture() {
    return architecture;
  }

  /**
   * The usual machine of an architecture.
   *
   * @param architecture QEMU's name of it
   * @return the machine
   * @throws IllegalArgumentException if the architecture is not known
   */
  public static MachineType defaultFor(String architecture) {
    return switch (architecture) {
      case "x86_64" -> Q35;
      case "aarch64" -> VIRT;
      case "ppc64" -> PSERIES;
      case "s390x" -> S390_CCW_VIRTIO;
      case "riscv64" -> RISCV_VIRT;
      default ->
          throw new IllegalArgumentException(
              "no machine is known for the architecture " + architecture);
    };
  }
}
