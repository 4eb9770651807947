package io.katajava;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * What the ledger knows of one sandbox.
 *
 * @param id the sandbox's id
 * @param owner the JVM it belongs to
 * @param processes the processes started for it
 * @param since when its first process was started; when its entry was written, if there is none
 * @param directory where its sockets and files are
 */
public record SandboxRecord(
    String id,
    RecordedProcess owner,
    List<RecordedProcess> processes,
    Instant since,
    Path directory) {

  /**
   * A process that is recorded.
   *
   * @param pid its id
   * @param startTicks its start in clock ticks after boot, field 22 of {@code /proc/PID/stat}
   * @param bootId the kernel's {@code boot_id}
   * @param alive whether exactly this process still runs
   */
  public record RecordedProcess(long pid, long startTicks, String bootId, boolean alive) {}

  /** Copies the list. */
  public SandboxRecord {
    processes = List.copyOf(processes);
  }

  /**
   * Whether its owner is gone, so that {@link SandboxLedger#sweep()} would remove it.
   *
   * @return true when nobody takes care of it
   */
  public boolean isOrphaned() {
    return !owner.alive();
  }
}
