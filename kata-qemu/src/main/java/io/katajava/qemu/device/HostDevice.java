package io.katajava.qemu.device;

import java.util.regex.Pattern;

/**
 * A PCI device of the host, given to the guest: {@code vfio-pci}. It must be bound to the host's
 * vfio-pci driver already.
 *
 * @param id the device's id
 * @param address its PCI address, for example {@code 0000:3b:00.0}
 */
public record HostDevice(String id, String address) implements QemuDevice {
  private static final Pattern ADDRESS =
      Pattern.compile("([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public HostDevice {
    DeviceChecks.id(id);
    if (!ADDRESS.matcher(address).matches()) {
      throw new IllegalArgumentException(
          "'" + address + "' is not a PCI address like 0000:3b:00.0");
    }
  }
}
