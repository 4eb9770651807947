package io.katajava.internal.run;

import io.katajava.spi.Ending;
import java.util.ArrayDeque;
import java.util.Deque;

/** What to undo, last first. A step that fails does not keep the others from running. */
public final class UndoStack {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  public void push(Runnable step) {
    steps.push(step);
  }

  /** Runs all steps; what they throw is attached to the reason. */
  public void run(Throwable reason) {
    Ending end = new Ending("undoing the start");
    runInto(end, "undoing a step");
    end.addTo(reason);
  }

  /** Runs all steps, as part of an end. */
  public void runInto(Ending end, String attempt) {
    while (!steps.isEmpty()) {
      end.step(attempt, steps.pop()::run);
    }
  }

  /** The start succeeded: nothing is undone any more. */
  public void forget() {
    steps.clear();
  }
}
