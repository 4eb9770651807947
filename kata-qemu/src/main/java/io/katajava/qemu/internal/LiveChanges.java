package io.katajava.qemu.internal;

import io.katajava.qemu.ChangePlan;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.internal.ChangePlanner.Draft;
import io.katajava.qemu.qmp.QmpClient;
import io.katajava.qemu.qmp.QmpException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
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

  void apply(LiveChange change, Duration timeout) {
    one.lock();
    try {
      Draft draft = planner.draft(change, qmp);
      if (draft.verdict() != ChangePlan.Verdict.LIVE) {
        throw new IllegalStateException(
            change + " of sandbox " + sandboxId + " is not possible now: " + draft.why());
      }
      run(draft, timeout);
      draft.done().run();
    } finally {
      one.unlock();
    }
  }

  private void run(Draft draft, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    Deque<Step> undo = new ArrayDeque<>();
    boolean complete = false;
    try {
      for (Step step : draft.steps()) {
        log.debug("[{}] {}", sandboxId, step);
        step.run(qmp, Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime())));
        Step inverse = step.undo();
        if (inverse != null) {
          undo.push(inverse);
        }
      }
      complete = true;
    } finally {
      if (!complete) {
        undo.forEach(this::takeBack);
      }
    }
  }

  /** The first failure is the one to report; what follows it is logged. */
  private void takeBack(Step inverse) {
    try {
      inverse.run(qmp, UNDO_LIMIT);
    } catch (QmpException e) {
      log.warn("[{}] a change was not taken back whole: {}: {}", sandboxId, inverse, e.toString());
    }
  }
}
