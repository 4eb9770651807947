package io.katajava.internal.engine;

import java.util.ArrayDeque;
import java.util.Deque;

/** What to undo, last first. A step that fails does not keep the others from running. */
final class UndoStack {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  void push(Runnable step) {
    steps.push(step);
  }

  /** Runs all steps; what they throw is attached to the reason. */
  void run(Throwable reason) {
    while (!steps.isEmpty()) {
      try {
        steps.pop().run();
      } catch (RuntimeException e) {
        reason.addSuppressed(e);
      }
    }
  }

  /** The start succeeded: nothing is undone any more. */
  void forget() {
    steps.clear();
  }
}
