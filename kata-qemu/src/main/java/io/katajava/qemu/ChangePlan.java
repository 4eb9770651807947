package io.katajava.qemu;

import java.util.List;

/**
 * The plan of a change: whether it is possible, and its steps.
 *
 * @param verdict whether it can be done now
 * @param why the reason, a clause
 * @param steps QMP commands that would be sent, in order; empty unless the verdict is live
 */
public record ChangePlan(Verdict verdict, String why, List<String> steps) {
  /** The verdict on whether a change is possible. */
  public enum Verdict {
    /** Now, while the guest runs. */
    LIVE,
    /** With another configuration, at the next start. */
    NEEDS_RESTART,
    /** Not with this machine. */
    UNSUPPORTED
  }

  /** Copies the list. */
  public ChangePlan {
    steps = List.copyOf(steps);
  }
}
