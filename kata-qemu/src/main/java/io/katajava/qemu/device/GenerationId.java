package io.katajava.qemu.device;

import java.util.Optional;
import java.util.UUID;

/**
 * Tells the guest when it became another one, by restore or fork: {@code vmgenid}, ACPI machines
 * only.
 *
 * @param id the device's id
 * @param guid the value; empty lets QEMU choose one at every start
 */
public record GenerationId(String id, Optional<UUID> guid) implements QemuDevice {
  /**
   * Checks the id.
   *
   * @throws IllegalArgumentException if it is malformed
   */
  public GenerationId {
    DeviceChecks.id(id);
  }

  /**
   * {@code vmgenid0}, with a value chosen at every start.
   *
   * @return the device
   */
  public static GenerationId automatic() {
    return new GenerationId("vmgenid0", Optional.empty());
  }
}
