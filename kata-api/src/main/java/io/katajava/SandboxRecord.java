package io.katajava;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The ledger's record of one sandbox.
 *
 * @param id the sandbox's id
 * @param owner the JVM it belongs to
 * @param processes the processes started for it
 * @param since when its first process was started; when its entry was written, if there is none
 * @param directory where its sockets and files are
 * @param detached whether it was started to outlive its JVM; then the owner is the JVM attached to
 *     it, of pid 0 when there is none
 * @param name what {@link SandboxBuilder#name} calls it, if it was given a name
 */
public record SandboxRecord(
    String id,
    RecordedProcess owner,
    List<RecordedProcess> processes,
    Instant since,
    Path directory,
    boolean detached,
    Optional<String> name) {

  /**
   * A recorded process.
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
   * Whether its owner is gone, so that {@link SandboxLedger#sweep()} would remove it. A detached
   * one needs no owner as long as its machine runs.
   *
   * @return true when nobody takes care of it
   */
  public boolean isOrphaned() {
    return !owner.alive() && !(detached && isRunning());
  }

  /**
   * Whether {@link Kata#attach} can take it over: it is detached, runs, and no JVM is attached.
   *
   * @return true when it waits for somebody
   */
  public boolean isAttachable() {
    return detached && !owner.alive() && isRunning();
  }

  private boolean isRunning() {
    return processes.stream().anyMatch(RecordedProcess::alive);
  }
}
