package io.katajava.agent;

import io.katajava.agent.internal.wire.AgentDetails;
import io.katajava.agent.internal.wire.BlkioStats;
import io.katajava.agent.internal.wire.BlkioStatsEntry;
import io.katajava.agent.internal.wire.CgroupStats;
import io.katajava.agent.internal.wire.CpuStats;
import io.katajava.agent.internal.wire.GuestDetailsResponse;
import io.katajava.agent.internal.wire.MemoryData;
import io.katajava.agent.internal.wire.MemoryStats;
import io.katajava.agent.internal.wire.NetworkStats;
import io.katajava.agent.internal.wire.StatsContainerResponse;
import io.katajava.agent.internal.wire.WaitProcessResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Turns the protocol's replies into values. */
final class ReplyValues {
  private ReplyValues() {}

  static GuestDetails guestDetails(GuestDetailsResponse reply) {
    AgentDetails agent = reply.getAgentDetails();
    return new GuestDetails(
        reply.getMemBlockSizeBytes(),
        reply.getSupportMemHotplugProbe(),
        agent.getVersion(),
        agent.getInitDaemon(),
        agent.getDeviceHandlersList(),
        agent.getStorageHandlersList(),
        agent.getSupportsSeccomp(),
        agent.getExtraFeaturesList());
  }

  /** Statuses above this stand for signals where the agent does not say. */
  private static final int SIGNAL_BASE = 128;

  private static final int LAST_SIGNAL = 64;

  static ProcessEnd processEnd(WaitProcessResponse reply) {
    int status = reply.getStatus();
    List<Long> told =
        reply
            .getUnknownFields()
            .getField(io.katajava.agent.internal.wire.ProcessEnd.SIGNAL_FIELD_NUMBER)
            .getVarintList();
    int signal =
        told.isEmpty()
            ? (status > SIGNAL_BASE && status <= SIGNAL_BASE + LAST_SIGNAL
                ? status - SIGNAL_BASE
                : 0)
            : told.get(told.size() - 1).intValue();
    return new ProcessEnd(status, signal > 0 ? OptionalInt.of(signal) : OptionalInt.empty());
  }

  static ContainerStats stats(StatsContainerResponse reply) {
    CgroupStats cgroup = reply.getCgroupStats();
    Map<String, ContainerStats.HugepageUsage> hugepages = new HashMap<>();
    cgroup
        .getHugetlbStatsMap()
        .forEach(
            (size, use) ->
                hugepages.put(
                    size,
                    new ContainerStats.HugepageUsage(
                        use.getUsage(), use.getMaxUsage(), use.getFailcnt())));
    return new ContainerStats(
        cpu(cgroup.getCpuStats()),
        memory(cgroup.getMemoryStats()),
        new ContainerStats.Pids(
            cgroup.getPidsStats().getCurrent(), cgroup.getPidsStats().getLimit()),
        blockIo(cgroup.getBlkioStats()),
        hugepages,
        reply.getNetworkStatsList().stream().map(ReplyValues::network).toList());
  }

  private static ContainerStats.Cpu cpu(CpuStats stats) {
    return new ContainerStats.Cpu(
        Duration.ofNanos(stats.getCpuUsage().getTotalUsage()),
        Duration.ofNanos(stats.getCpuUsage().getUsageInKernelmode()),
        Duration.ofNanos(stats.getCpuUsage().getUsageInUsermode()),
        stats.getCpuUsage().getPercpuUsageList().stream().map(Duration::ofNanos).toList(),
        stats.getThrottlingData().getPeriods(),
        stats.getThrottlingData().getThrottledPeriods(),
        Duration.ofNanos(stats.getThrottlingData().getThrottledTime()));
  }

  private static ContainerStats.Memory memory(MemoryStats stats) {
    return new ContainerStats.Memory(
        stats.getCache(),
        usage(stats.getUsage()),
        usage(stats.getSwapUsage()),
        usage(stats.getKernelUsage()),
        stats.getUseHierarchy(),
        stats.getStatsMap());
  }

  private static ContainerStats.MemoryUsage usage(MemoryData data) {
    return new ContainerStats.MemoryUsage(
        data.getUsage(), data.getMaxUsage(), data.getFailcnt(), data.getLimit());
  }

  private static ContainerStats.BlockIo blockIo(BlkioStats stats) {
    return new ContainerStats.BlockIo(
        counters(stats.getIoServiceBytesRecursiveList()),
        counters(stats.getIoServicedRecursiveList()),
        counters(stats.getIoQueuedRecursiveList()),
        counters(stats.getIoServiceTimeRecursiveList()),
        counters(stats.getIoWaitTimeRecursiveList()),
        counters(stats.getIoMergedRecursiveList()),
        counters(stats.getIoTimeRecursiveList()),
        counters(stats.getSectorsRecursiveList()));
  }

  private static List<ContainerStats.Counter> counters(List<BlkioStatsEntry> entries) {
    return entries.stream()
        .map(
            entry ->
                new ContainerStats.Counter(
                    entry.getMajor(), entry.getMinor(), entry.getOp(), entry.getValue()))
        .toList();
  }

  private static ContainerStats.Network network(NetworkStats stats) {
    return new ContainerStats.Network(
        stats.getName(),
        new ContainerStats.Traffic(
            stats.getRxBytes(), stats.getRxPackets(), stats.getRxErrors(), stats.getRxDropped()),
        new ContainerStats.Traffic(
            stats.getTxBytes(), stats.getTxPackets(), stats.getTxErrors(), stats.getTxDropped()));
  }
}
