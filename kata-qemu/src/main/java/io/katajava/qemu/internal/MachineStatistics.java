package io.katajava.qemu.internal;

import io.katajava.MemorySize;
import io.katajava.qemu.QemuStatistics;
import io.katajava.qemu.QemuStatistics.DiskTransfers;
import io.katajava.qemu.qmp.QmpClient;
import io.katajava.qemu.qmp.command.QueryBlockstats;
import io.katajava.qemu.qmp.type.BlockDeviceStats;
import io.katajava.qemu.qmp.type.BlockStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** What QEMU's process has used, from proc(5), and its disks, from QMP. */
final class MachineStatistics {
  private static final String PERIPHERAL = "/machine/peripheral/";

  private MachineStatistics() {}

  static QemuStatistics of(ProcessHandle process, QmpClient qmp) {
    long resident = 0;
    int threads = 0;
    try {
      for (String line : Files.readAllLines(Path.of("/proc", process.pid() + "", "status"))) {
        if (line.startsWith("VmRSS:")) {
          resident = number(line) << 10;
        } else if (line.startsWith("Threads:")) {
          threads = (int) number(line);
        }
      }
    } catch (IOException e) {
      // It has ended meanwhile; the rest of the answer will say so.
      resident = 0;
    }
    return new QemuStatistics(
        process.info().totalCpuDuration().orElse(Duration.ZERO),
        MemorySize.bytes(resident),
        threads,
        disks(qmp));
  }

  private static long number(String line) {
    return Long.parseLong(line.replaceAll("\\D", ""));
  }

  private static Map<String, DiskTransfers> disks(QmpClient qmp) {
    Map<String, DiskTransfers> disks = new HashMap<>();
    for (BlockStats block : qmp.execute(new QueryBlockstats())) {
      String path = block.qdev();
      if (path == null || !path.startsWith(PERIPHERAL)) {
        continue;
      }
      BlockDeviceStats stats = block.stats();
      disks.put(
          path.substring(PERIPHERAL.length()).replaceAll("/.*", ""),
          new DiskTransfers(
              stats.rdBytes(),
              stats.wrBytes(),
              stats.rdOperations(),
              stats.wrOperations(),
              stats.flushOperations()));
    }
    return disks;
  }
}
