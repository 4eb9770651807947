package io.katajava.internal.container;

import io.katajava.ContainerStats;
import io.katajava.MemorySize;
import io.katajava.agent.ContainerStats.Counter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** The agent's figures, in this library's types. The guest is not trusted: no number may throw. */
final class StatsValues {
  private StatsValues() {}

  static ContainerStats of(io.katajava.agent.ContainerStats stats) {
    var cpu = stats.cpu();
    var memory = stats.memory();
    return new ContainerStats(
        new ContainerStats.Cpu(
            cpu.total(), cpu.user(), cpu.kernel(), cpu.throttled(), cpu.throttledPeriods()),
        new ContainerStats.Memory(
            size(memory.usage().bytes()),
            size(memory.usage().maxBytes()),
            limit(memory.usage().limitBytes()),
            memory.usage().failures(),
            size(memory.cacheBytes()),
            size(memory.kernel().bytes()),
            size(memory.swap().bytes()),
            memory.counters()),
        new ContainerStats.Pids(
            stats.pids().current(),
            stats.pids().limit() <= 0
                ? OptionalLong.empty()
                : OptionalLong.of(stats.pids().limit())),
        disks(stats.blockIo()));
  }

  private static MemorySize size(long bytes) {
    return MemorySize.bytes(Math.max(0, bytes));
  }

  /** No limit is the largest unsigned number, of cgroup v1 one that no memory reaches. */
  private static Optional<MemorySize> limit(long bytes) {
    return bytes <= 0 || bytes > Long.MAX_VALUE - (1L << 30)
        ? Optional.empty()
        : Optional.of(MemorySize.bytes(bytes));
  }

  private static List<ContainerStats.Disk> disks(io.katajava.agent.ContainerStats.BlockIo io) {
    Map<String, long[]> byDisk = new TreeMap<>();
    collect(byDisk, io.serviceBytes(), 2);
    collect(byDisk, io.serviced(), 4);
    List<ContainerStats.Disk> disks = new ArrayList<>();
    for (long[] n : byDisk.values()) {
      disks.add(new ContainerStats.Disk(n[0], n[1], size(n[2]), size(n[3]), n[4], n[5]));
    }
    return disks;
  }

  private static void collect(Map<String, long[]> byDisk, List<Counter> counters, int column) {
    for (Counter counter : counters) {
      long[] disk =
          byDisk.computeIfAbsent(
              counter.major() + ":" + counter.minor(),
              key -> new long[] {counter.major(), counter.minor(), 0, 0, 0, 0});
      if (counter.operation().equals("Read")) {
        disk[column] = counter.value();
      } else if (counter.operation().equals("Write")) {
        disk[column + 1] = counter.value();
      }
    }
  }
}
