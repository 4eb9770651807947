package io.katajava.internal.ledger;

import java.time.Duration;

/**
 * Ends processes that are not our children. There is no event to wait for then: a process that
 * nobody reaps stays a zombie, which {@link ProcessHandle#onExit()} takes for alive.
 */
final class ProcessEnd {
  private static final long POLL_MILLIS = 2;

  private ProcessEnd() {}

  static void signal(ProcessIdentity process, boolean forcibly) {
    if (!process.isAlive()) {
      return;
    }
    ProcessHandle.of(process.pid())
        .ifPresent(
            handle -> {
              // False, too, when it may not be signalled; whoever waits then finds it alive.
              boolean asked = forcibly ? handle.destroyForcibly() : handle.destroy();
              org.slf4j.LoggerFactory.getLogger(ProcessEnd.class)
                  .debug("process {} asked to end: {}", process.pid(), asked);
            });
  }

  /** Whether it ended within the limit. */
  static boolean await(ProcessIdentity process, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (process.isAlive()) {
      if (System.nanoTime() - end >= 0) {
        return false;
      }
      Thread.sleep(POLL_MILLIS);
    }
    return true;
  }
}
