package io.katajava.qemu.device;

/** A device of a machine. Values are checked when they are made. */
public sealed interface QemuDevice
    permits Balloon,
        Disk,
        EntropySource,
        GenerationId,
        HostDevice,
        Nic,
        PanicNotifier,
        PersistentMemory,
        SharedDirectory,
        VhostUserDisk,
        VirtualIommu,
        Vsock {

  /**
   * The device's id: unique in its machine, and the name under which it is unplugged.
   *
   * @return a letter, then letters, digits, {@code - . _}; at most 24 characters
   */
  String id();
}
