package io.katajava;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The resources that a sandbox uses: its guest as a machine, and its containers. A snapshot, but
 * not of one moment; the guest says it, so it is not to be trusted.
 *
 * @param memory the guest's memory
 * @param cpu the time of the guest's CPUs since it started, all CPUs together
 * @param load how many tasks there are
 * @param containers what each container used, by name
 */
public record SandboxStats(
    Memory memory, Cpu cpu, Load load, Map<String, ContainerStats> containers) {

  /** Copies the map. */
  public SandboxStats {
    containers = Collections.unmodifiableMap(new LinkedHashMap<>(containers));
  }

  /**
   * The guest's memory, from {@code /proc/meminfo}.
   *
   * @param total what the kernel manages
   * @param free what is used for nothing
   * @param available an estimate of what programs can still get
   * @param cached file contents, most of which can be given up
   * @param swapTotal swap space
   * @param swapFree of that, unused
   */
  public record Memory(
      MemorySize total,
      MemorySize free,
      MemorySize available,
      MemorySize cached,
      MemorySize swapTotal,
      MemorySize swapFree) {

    /**
     * What cannot be had any more.
     *
     * @return total less available
     */
    public MemorySize used() {
      return MemorySize.bytes(Math.max(0, total.bytes() - available.bytes()));
    }
  }

  /**
   * The time of the guest's CPUs, from {@code /proc/stat}, in steps of 10 ms.
   *
   * @param user in programs
   * @param nice of low priority in programs
   * @param system in the kernel
   * @param idle doing nothing
   * @param iowait doing nothing while a disk was waited for
   * @param irq in interrupts, soft ones included
   * @param steal wanted, but not given by the host
   */
  public record Cpu(
      Duration user,
      Duration nice,
      Duration system,
      Duration idle,
      Duration iowait,
      Duration irq,
      Duration steal) {

    /**
     * The time in which something was done.
     *
     * @return user, nice, system and irq together
     */
    public Duration busy() {
      return user.plus(nice).plus(system).plus(irq);
    }
  }

  /**
   * The guest's load, from {@code /proc/loadavg}.
   *
   * @param lastMinute tasks that ran or waited for a disk, on average of the last minute
   * @param lastFiveMinutes of the last five minutes
   * @param lastQuarter of the last fifteen minutes
   * @param runnable tasks that run or could
   * @param tasks all tasks, threads of the kernel included
   */
  public record Load(
      double lastMinute, double lastFiveMinutes, double lastQuarter, long runnable, long tasks) {}

  /**
   * The CPU time of all containers.
   *
   * @return the sum
   */
  public Duration containersCpu() {
    return containers.values().stream()
        .map(stats -> stats.cpu().total())
        .reduce(Duration.ZERO, Duration::plus);
  }

  /**
   * The memory of all containers, caches included.
   *
   * @return the sum
   */
  public MemorySize containersMemory() {
    return MemorySize.bytes(
        containers.values().stream()
            .mapToLong(stats -> stats.memory().used().bytes())
            // A guest may claim anything.
            .reduce(0, (sum, more) -> sum > Long.MAX_VALUE - more ? Long.MAX_VALUE : sum + more));
  }

  /**
   * The processes and threads of all containers.
   *
   * @return the sum
   */
  public long containersPids() {
    return containers.values().stream().mapToLong(stats -> stats.pids().current()).sum();
  }
}
