package io.katajava.qemu;

import io.katajava.MemorySize;
import java.time.Duration;
import java.util.Map;

/**
 * The resources that a machine has used so far.
 *
 * @param cpuTime time QEMU's threads have run, vCPUs included
 * @param residentMemory host memory QEMU occupies, shared pages included
 * @param threads QEMU's threads
 * @param disks transfers of the guest's disks, by device id
 */
public record QemuStatistics(
    Duration cpuTime, MemorySize residentMemory, int threads, Map<String, DiskTransfers> disks) {

  /** Copies the map. */
  public QemuStatistics {
    disks = Map.copyOf(disks);
  }

  /**
   * Transfers of a disk.
   *
   * @param bytesRead bytes the guest has read
   * @param bytesWritten bytes the guest has written
   * @param reads read requests
   * @param writes write requests
   * @param flushes flush requests
   */
  public record DiskTransfers(
      long bytesRead, long bytesWritten, long reads, long writes, long flushes) {}
}
