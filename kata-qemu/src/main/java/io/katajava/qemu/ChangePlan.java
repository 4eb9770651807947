package io.katajava.qemu;

import java.util.List;

/**
 * What a change would take.
 *
 * @param verdict whether it can be done now
 * @param why the reason, a clause
 * @param steps QMP commands that would be sent, in order; empty unless the verdict is live
 */
public record ChangePlan(Verdict verdict, String why, List<String> steps) {
  /** Whether a change can be done. */
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
