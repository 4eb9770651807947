package io.katajava;

import java.util.Optional;

/**
 * The layer that takes a container's changes to its root filesystem, which never reach the image.
 * Gone with the container.
 */
public sealed interface WritableLayer {

  /** Guest memory, as much as there is: the default. */
  WritableLayer MEMORY = new InMemory(Optional.empty());

  /**
   * Guest memory, with a limit: a {@code tmpfs} with {@code size=}. Who writes more gets ENOSPC.
   *
   * @param limit how much it may hold
   * @return the layer
   */
  static WritableLayer memory(MemorySize limit) {
    return new InMemory(Optional.of(limit));
  }

  /**
   * A disk of its own, for more than fits into memory: a sparse file in the runtime's cache
   * directory with an ext4 filesystem, plugged into the machine. The file has no name any more once
   * the machine has opened it, so nothing is left however the machine ends. Takes a PCI Express
   * port until the sandbox ends, and needs {@code mke2fs} of e2fsprogs on the host.
   *
   * @param size of the disk, at least 8 MiB
   * @return the layer
   */
  static WritableLayer disk(MemorySize size) {
    return new OnDisk(Checks.diskSize(size));
  }

  /**
   * In guest memory.
   *
   * @param limit how much it may hold; no limit when absent
   */
  record InMemory(Optional<MemorySize> limit) implements WritableLayer {

    /**
     * Checks the limit.
     *
     * @throws IllegalArgumentException if it is zero
     */
    public InMemory {
      limit.ifPresent(size -> Checks.memoryLimit("a writable layer", size));
    }
  }

  /**
   * On a disk.
   *
   * @param size of the disk
   */
  record OnDisk(MemorySize size) implements WritableLayer {}
}
