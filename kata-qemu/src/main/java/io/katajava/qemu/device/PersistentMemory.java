package io.katajava.qemu.device;

import io.katajava.MemorySize;
import java.nio.file.Path;

/**
 * A file the guest sees as persistent memory, {@code /dev/pmemX}: {@code nvdimm}. Kata's way to
 * give a guest its image. Needs room above the guest's memory: {@code MemoryLayout.maximum} and a
 * slot.
 *
 * @param id the device's id
 * @param image the file
 * @param size its size
 * @param readOnly whether the guest may only read
 */
public record PersistentMemory(String id, Path image, MemorySize size, boolean readOnly)
    implements QemuDevice {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public PersistentMemory {
    DeviceChecks.id(id);
    DeviceChecks.absolute(image);
    if (size.bytes() == 0 || !size.isMultipleOf(MemorySize.mebibytes(2))) {
      throw new IllegalArgumentException(
          "persistent memory is a whole number of 2 MiB, got " + size);
    }
  }
}
