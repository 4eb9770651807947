package io.katajava.qemu;

import io.katajava.MemorySize;
import io.katajava.qemu.device.QemuDevice;

/** A change of a running machine. */
public sealed interface LiveChange {

  /**
   * Adds vCPUs. The guest's agent must switch them on afterwards.
   *
   * @param count how many
   */
  record AddVcpus(int count) implements LiveChange {
    /**
     * Checks the number.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public AddVcpus {
      if (count < 1) {
        throw new IllegalArgumentException("at least 1 vCPU is added, asked for " + count);
      }
    }
  }

  /**
   * Removes vCPUs that were added before, the youngest first. The guest must consent.
   *
   * @param count how many
   */
  record RemoveVcpus(int count) implements LiveChange {
    /**
     * Checks the number.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public RemoveVcpus {
      if (count < 1) {
        throw new IllegalArgumentException("at least 1 vCPU is removed, asked for " + count);
      }
    }
  }

  /**
   * Adds a memory module, {@code pc-dimm}.
   *
   * @param id its id
   * @param size a whole number of 128 MiB, Linux's unit of memory hot-plug on x86_64
   */
  record AddMemory(String id, MemorySize size) implements LiveChange {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if it is no whole number of 128 MiB
     */
    public AddMemory {
      if (size.bytes() == 0 || !size.isMultipleOf(MemorySize.mebibytes(128))) {
        throw new IllegalArgumentException(
            "a memory module is a whole number of 128 MiB, asked for " + size);
      }
    }
  }

  /**
   * Removes a memory module that was added before. The guest must consent.
   *
   * @param id its id
   */
  record RemoveMemory(String id) implements LiveChange {}

  /**
   * Resizes the memory beyond the start's, {@code virtio-mem}. The guest follows in its own time;
   * {@link VmEvent.MemoryResized} tells.
   *
   * @param size a whole number of 2 MiB
   */
  record ResizeMemory(MemorySize size) implements LiveChange {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if it is no whole number of 2 MiB
     */
    public ResizeMemory {
      if (!size.isMultipleOf(MemorySize.mebibytes(2))) {
        throw new IllegalArgumentException(
            "memory is resized in blocks of 2 MiB, asked for " + size);
      }
    }
  }

  /**
   * Plugs a disk, a network card or a source of entropy.
   *
   * @param device the device
   */
  record AddDevice(QemuDevice device) implements LiveChange {}

  /**
   * Unplugs a device that was plugged or added to the configuration. The guest must consent.
   *
   * @param id its id
   */
  record RemoveDevice(String id) implements LiveChange {}
}
