package io.katajava.agent;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The resources that a container uses. Upstream's agent leaves the network empty.
 *
 * @param cpu processor time
 * @param memory bytes
 * @param pids processes and threads
 * @param blockIo counters of disks
 * @param hugepages by page size, such as {@code 2MB}
 * @param network counters of interfaces
 */
public record ContainerStats(
    Cpu cpu,
    Memory memory,
    Pids pids,
    BlockIo blockIo,
    Map<String, HugepageUsage> hugepages,
    List<Network> network) {

  /** Copies the collections. */
  public ContainerStats {
    hugepages = Map.copyOf(hugepages);
    network = List.copyOf(network);
  }

  /**
   * Processor time since the start.
   *
   * @param total in user and kernel mode
   * @param kernel in kernel mode
   * @param user in user mode
   * @param perCpu by CPU, if the kernel tells
   * @param periods of the quota
   * @param throttledPeriods in which the quota was used up
   * @param throttled how long the container had to wait
   */
  public record Cpu(
      Duration total,
      Duration kernel,
      Duration user,
      List<Duration> perCpu,
      long periods,
      long throttledPeriods,
      Duration throttled) {
    /** Copies the list. */
    public Cpu {
      perCpu = List.copyOf(perCpu);
    }
  }

  /**
   * Memory of a container.
   *
   * @param cacheBytes page cache
   * @param usage memory
   * @param swap memory and swap
   * @param kernel kernel memory
   * @param hierarchical whether children are counted
   * @param counters by name, as in memory.stat
   */
  public record Memory(
      long cacheBytes,
      MemoryUsage usage,
      MemoryUsage swap,
      MemoryUsage kernel,
      boolean hierarchical,
      Map<String, Long> counters) {
    /** Copies the map. */
    public Memory {
      counters = Map.copyOf(counters);
    }
  }

  /**
   * One kind of memory.
   *
   * @param bytes in use
   * @param maxBytes most ever in use
   * @param failures how often the limit was hit
   * @param limitBytes the limit, unsigned
   */
  public record MemoryUsage(long bytes, long maxBytes, long failures, long limitBytes) {}

  /**
   * Processes and threads.
   *
   * @param current how many there are
   * @param limit how many there may be, 0 for no limit
   */
  public record Pids(long current, long limit) {}

  /**
   * Counters of disks.
   *
   * @param serviceBytes bytes moved
   * @param serviced operations done
   * @param queued operations waiting
   * @param serviceTime nanoseconds of work
   * @param waitTime nanoseconds of waiting
   * @param merged operations merged
   * @param time milliseconds of disk time
   * @param sectors moved
   */
  public record BlockIo(
      List<Counter> serviceBytes,
      List<Counter> serviced,
      List<Counter> queued,
      List<Counter> serviceTime,
      List<Counter> waitTime,
      List<Counter> merged,
      List<Counter> time,
      List<Counter> sectors) {
    /** Copies the lists. */
    public BlockIo {
      serviceBytes = List.copyOf(serviceBytes);
      serviced = List.copyOf(serviced);
      queued = List.copyOf(queued);
      serviceTime = List.copyOf(serviceTime);
      waitTime = List.copyOf(waitTime);
      merged = List.copyOf(merged);
      time = List.copyOf(time);
      sectors = List.copyOf(sectors);
    }
  }

  /**
   * A counter of one disk.
   *
   * @param major device major
   * @param minor device minor
   * @param operation such as {@code Read}
   * @param value the count
   */
  public record Counter(long major, long minor, String operation, long value) {}

  /**
   * Huge pages of one size.
   *
   * @param bytes in use
   * @param maxBytes most ever in use
   * @param failures how often the limit was hit
   */
  public record HugepageUsage(long bytes, long maxBytes, long failures) {}

  /**
   * Counters of an interface.
   *
   * @param name the interface
   * @param received packets in
   * @param sent packets out
   */
  public record Network(String name, Traffic received, Traffic sent) {}

  /**
   * One direction of an interface.
   *
   * @param bytes moved
   * @param packets moved
   * @param errors failed
   * @param dropped discarded
   */
  public record Traffic(long bytes, long packets, long errors, long dropped) {}
}
