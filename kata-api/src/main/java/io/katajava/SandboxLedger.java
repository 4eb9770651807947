package io.katajava;

import io.katajava.internal.ledger.LedgerView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The record on disk of the sandboxes of all JVMs that share a state directory, seen from outside:
 * for tools that list, stop and clean up. A program that started a sandbox uses its {@link Sandbox}
 * instead.
 *
 * <p>Reading changes nothing and makes no directory. Processes are told apart by pid, start time
 * and boot, so that a later process with the same pid is never touched.
 */
public final class SandboxLedger {
  private final LedgerView view;

  private SandboxLedger(LedgerView view) {
    this.view = view;
  }

  /**
   * The ledger of this user's default state directory.
   *
   * @return the ledger
   */
  public static SandboxLedger open() {
    return open(KataDirectories.fromEnvironment());
  }

  /**
   * The ledger of a state directory.
   *
   * @param directories where state is kept; it need not exist
   * @return the ledger
   */
  public static SandboxLedger open(KataDirectories directories) {
    return new SandboxLedger(new LedgerView(directories.state()));
  }

  /**
   * What is recorded now, oldest first.
   *
   * @return a snapshot
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when it cannot be read
   */
  public List<SandboxRecord> sandboxes() {
    return view.sandboxes();
  }

  /**
   * One sandbox.
   *
   * @param id its id, or enough of its beginning to tell it from the others
   * @return the record; empty when there is none
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when the ledger cannot be read, or
   *     with {@link ErrorCode#INVALID_CONFIGURATION} when several ids begin so
   */
  public Optional<SandboxRecord> find(String id) {
    return view.find(id);
  }

  /**
   * Ends a sandbox's processes: asks them to end, and kills what is left after the grace. A JVM
   * that owns it and still runs sees the machine exit, as if it had crashed, and removes its
   * directory; otherwise directory and entry are removed here.
   *
   * @param sandbox the sandbox
   * @param grace how long its processes have to end by themselves
   * @return how many processes were ended
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when a process does not end, for
   *     example because it belongs to another user, or with {@link ErrorCode#INTERRUPTED}
   */
  public int stop(SandboxRecord sandbox, Duration grace) {
    return view.stop(sandbox, grace);
  }

  /**
   * Ends and removes what JVMs that are gone left behind, as the next {@link Kata#create()} would.
   * Sandboxes of JVMs that run are not touched.
   *
   * @return the ids of the sandboxes that were removed
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when the ledger cannot be read or
   *     changed
   */
  public List<String> sweep() {
    return view.sweep();
  }
}
