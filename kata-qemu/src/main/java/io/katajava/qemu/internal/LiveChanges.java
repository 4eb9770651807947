package io.katajava.qemu.internal;

import io.katajava.qemu.ChangePlan;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.internal.ChangePlanner.Draft;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes of a running machine, one after the other, each whole or not at all. */
final class LiveChanges {
  private static final Logger log = LoggerFactory.getLogger(LiveChanges.class);
  private static final Duration UNDO_LIMIT = Duration.ofSeconds(10);

  private final String sandboxId;
  private final QmpClient qmp;
  private final ChangePlanner planner;
  private final ReentrantLock one = new ReentrantLock();

  LiveChanges(String sandboxId, QmpClient qmp, ChangePlanner planner) {
    this.sandboxId = sandboxId;
    this.qmp = qmp;
    this.planner = planner;
  }

  ChangePlan plan(LiveChange change) {
    one.lock();
    try {
      return planner.draft(change, qmp).plan();
    } finally {
      one.unlock();
    }
  }

  /** Whether the machine has, or had, something that its command line does not say. */
  boolean anyMade() {
    one.lock();
    try {
      return planner.isChanged();
    } finally {
      one.unlock();
    }
  }

  void apply(LiveChange change, Duration timeout) {
    one.lock();
    try {
      Draft draft = planner.draft(change, qmp);
      if (draft.verdict() != ChangePlan.Verdict.LIVE) {
        throw new IllegalStateException(
            change + " of sandbox " + sandboxId + " is not possible now: " + draft.why());
      }
      planner.changes();
      run(draft, timeout);
      draft.done().run();
    } finally {
      one.unlock();
    }
  }

  private void run(Draft draft, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    Deque<ChangeStep> undo = new ArrayDeque<>();
    boolean complete = false;
    try {
      for (ChangeStep step : draft.steps()) {
        log.debug("[{}] {}", sandboxId, step);
        try {
          step.run(qmp, Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime())));
        } catch (QmpTimeoutException | QmpInterruptedException e) {
          // Nobody knows whether it is done, or will be; one that was refused is not. What the
          // guest
          // did not give back it still has.
          push(step instanceof ChangeStep.Command ? step.undo() : null, undo);
          throw e;
        }
        push(step.undo(), undo);
      }
      complete = true;
    } finally {
      if (!complete) {
        takeBack(undo);
      }
    }
  }

  private static void push(@Nullable ChangeStep inverse, Deque<ChangeStep> undo) {
    if (inverse != null) {
      undo.push(inverse);
    }
  }

  private void takeBack(Deque<ChangeStep> undo) {
    // Whoever is interrupted here still leaves the machine as it was.
    boolean interrupted = Thread.interrupted();
    try {
      undo.forEach(this::takeBack);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The first failure is the one to report; what follows it is logged. */
  private void takeBack(ChangeStep inverse) {
    try {
      inverse.run(qmp, UNDO_LIMIT);
    } catch (QmpException e) {
      log.warn(
          "[{}] a change could not be undone completely: {}: {}", sandboxId, inverse, e.toString());
    }
  }
}
