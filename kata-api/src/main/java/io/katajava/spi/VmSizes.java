package io.katajava.spi;

import io.katajava.MemorySize;

/**
 * The sizes of a machine: its vCPUs and its memory.
 *
 * @param vcpus number of virtual CPUs, at least 1
 * @param memory guest memory
 */
public record VmSizes(int vcpus, MemorySize memory) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if there is no vCPU or no memory
   */
  public VmSizes {
    if (vcpus < 1) {
      throw new IllegalArgumentException("a machine has at least 1 vCPU, asked for " + vcpus);
    }
    if (memory.bytes() == 0) {
      throw new IllegalArgumentException("a machine needs memory, asked for none");
    }
  }
}
