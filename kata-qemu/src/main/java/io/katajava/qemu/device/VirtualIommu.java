package io.katajava.qemu.device;

/**
 * A virtual IOMMU: {@code intel-iommu}, q35 only. The guest's kernel gets {@code intel_iommu=on
 * iommu=pt}.
 *
 * @param id the device's id
 */
public record VirtualIommu(String id) implements QemuDevice {
  /**
   * Checks the id.
   *
   * @throws IllegalArgumentException if it is malformed
   */
  public VirtualIommu {
    DeviceChecks.id(id);
  }

  /**
   * {@code iommu0}.
   *
   * @return the device
   */
  public static VirtualIommu standard() {
    return new VirtualIommu("iommu0");
  }
}
