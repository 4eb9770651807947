package io.katajava;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The resources that a container uses and has used since its first process was last started.
 *
 * @param cpu processor time ({@code cpu.stat})
 * @param memory memory ({@code memory.*})
 * @param pids processes and threads ({@code pids.*})
 * @param disks input and output by disk ({@code io.stat})
 */
public record ContainerStats(Cpu cpu, Memory memory, Pids pids, List<Disk> disks) {

  /** Copies the list. */
  public ContainerStats {
    disks = List.copyOf(disks);
  }

  /**
   * Processor time.
   *
   * @param total of all CPUs together
   * @param user of it in programs
   * @param kernel of it in the kernel
   * @param throttled how long it had to wait for its quota
   * @param throttledPeriods in how many periods it had to
   */
  public record Cpu(
      Duration total, Duration user, Duration kernel, Duration throttled, long throttledPeriods) {}

  /**
   * Memory.
   *
   * @param used in use now, page cache included
   * @param peak most ever in use
   * @param limit the limit; empty for none
   * @param limitHits how often it was hit
   * @param cache page cache of it
   * @param kernel kernel memory of it
   * @param swap swap in use
   * @param counters every line of {@code memory.stat}
   */
  public record Memory(
      MemorySize used,
      MemorySize peak,
      Optional<MemorySize> limit,
      long limitHits,
      MemorySize cache,
      MemorySize kernel,
      MemorySize swap,
      Map<String, Long> counters) {
    /** Copies the map. */
    public Memory {
      counters = Map.copyOf(counters);
    }
  }

  /**
   * Processes and threads.
   *
   * @param current how many there are
   * @param limit how many there may be; empty for no limit
   */
  public record Pids(long current, OptionalLong limit) {}

  /**
   * Input and output of one disk.
   *
   * @param major the device's major number
   * @param minor its minor number
   * @param read bytes read
   * @param written bytes written
   * @param reads operations
   * @param writes operations
   */
  public record Disk(
      long major, long minor, MemorySize read, MemorySize written, long reads, long writes) {}
}
