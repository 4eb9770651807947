package io.katajava.qemu.internal;

import io.katajava.MemorySize;
import io.katajava.json.JsonCursor;
import io.katajava.json.JsonObject;
import io.katajava.qemu.QemuStatistics;
import io.katajava.qemu.QemuStatistics.DiskTransfers;
import io.katajava.qmp.QmpClient;
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

  /** Read by hand: what newer QEMUs always tell (zones, latencies) older ones leave out. */
  private static Map<String, DiskTransfers> disks(QmpClient qmp) {
    Map<String, DiskTransfers> disks = new HashMap<>();
    JsonCursor blocks =
        JsonCursor.of(
            qmp.execute(QmpClient.command("query-blockstats", JsonObject.EMPTY)),
            "query-blockstats");
    blocks.list(
        block -> {
          String path = block.has("qdev") ? block.member("qdev").string() : "";
          if (path.startsWith(PERIPHERAL)) {
            JsonCursor stats = block.member("stats");
            disks.put(
                path.substring(PERIPHERAL.length()).replaceAll("/.*", ""),
                new DiskTransfers(
                    stats.member("rd_bytes").int64(),
                    stats.member("wr_bytes").int64(),
                    stats.member("rd_operations").int64(),
                    stats.member("wr_operations").int64(),
                    stats.member("flush_operations").int64()));
          }
          return path;
        });
    return disks;
  }
}
