package io.katajava.qemu;

import io.katajava.MemorySize;
import java.util.OptionalInt;

/**
 * A NUMA node of the guest: {@code -numa node}.
 *
 * @param firstCpu the first of its vCPUs
 * @param lastCpu the last of its vCPUs
 * @param memory its part of the guest's memory
 * @param hostNode the host's node its memory is bound to; empty leaves that to the host
 */
public record NumaNode(int firstCpu, int lastCpu, MemorySize memory, OptionalInt hostNode) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the vCPUs are no range or the memory is no whole number of
   *     MiB
   */
  public NumaNode {
    if (firstCpu < 0 || lastCpu < firstCpu) {
      throw new IllegalArgumentException(
          "the vCPUs of a node are a range of numbers, got " + firstCpu + " to " + lastCpu);
    }
    if (memory.bytes() == 0 || !memory.isMultipleOf(MemorySize.mebibytes(1))) {
      throw new IllegalArgumentException("a node's memory is a whole number of MiB, got " + memory);
    }
  }
}
