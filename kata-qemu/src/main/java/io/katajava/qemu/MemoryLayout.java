package io.katajava.qemu;

import io.katajava.MemorySize;
import java.util.List;
import java.util.Optional;

/**
 * The layout of a guest's memory: {@code -m slots,maxmem}, backends and NUMA nodes.
 *
 * @param backend where it is kept on the host
 * @param maximum memory that can be there in the end; empty when none can be plugged
 * @param slots memory modules that can be plugged, 0 to 256
 * @param resizable whether the room up to the maximum is one {@code virtio-mem} device, which is
 *     resized in blocks of 2 MiB, instead of slots for modules
 * @param nodes NUMA nodes; empty for none
 */
public record MemoryLayout(
    MemoryBackend backend,
    Optional<MemorySize> maximum,
    int slots,
    boolean resizable,
    List<NumaNode> nodes) {

  /**
   * Checks the values and copies the list.
   *
   * @throws IllegalArgumentException if slots and maximum do not go together
   */
  public MemoryLayout {
    nodes = List.copyOf(nodes);
    if (slots < 0 || slots > 256) {
      throw new IllegalArgumentException("a machine has 0 to 256 memory slots, asked for " + slots);
    }
    if (maximum.isEmpty() && (slots > 0 || resizable)) {
      throw new IllegalArgumentException("memory that can be plugged needs a maximum");
    }
    if (resizable && slots > 0) {
      throw new IllegalArgumentException("memory is either resizable or has slots, not both");
    }
  }

  /**
   * Anonymous memory of fixed size, without nodes.
   *
   * @return the default
   */
  public static MemoryLayout fixed() {
    return new MemoryLayout(new MemoryBackend.Anonymous(), Optional.empty(), 0, false, List.of());
  }

  /**
   * Memory that grows by modules, {@code pc-dimm}, like Kata's.
   *
   * @param maximum memory that can be there in the end
   * @param slots how many modules can be plugged
   * @return the layout
   */
  public static MemoryLayout pluggable(MemorySize maximum, int slots) {
    return new MemoryLayout(
        new MemoryBackend.Anonymous(), Optional.of(maximum), slots, false, List.of());
  }

  /**
   * Memory that is resized at will, {@code virtio-mem}.
   *
   * @param maximum memory that can be there in the end
   * @return the layout
   */
  public static MemoryLayout resizable(MemorySize maximum) {
    return new MemoryLayout(
        new MemoryBackend.Anonymous(), Optional.of(maximum), 0, true, List.of());
  }

  /**
   * The same layout on another backend.
   *
   * @param other where the memory is kept
   * @return a layout
   */
  public MemoryLayout on(MemoryBackend other) {
    return new MemoryLayout(other, maximum, slots, resizable, nodes);
  }

  /**
   * The same layout in NUMA nodes.
   *
   * @param others the nodes; their memory adds up to the guest's
   * @return a layout
   */
  public MemoryLayout inNodes(List<NumaNode> others) {
    return new MemoryLayout(backend, maximum, slots, resizable, others);
  }
}
