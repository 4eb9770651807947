package io.katajava.internal.exec;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * How long a guest is waited for while something goes to it or comes from it: for each step, so
 * that what is large may take its time, and for the whole if its caller has set a limit. The host's
 * clock decides.
 *
 * @param step the longest wait for the guest to take or to send anything
 * @param whole by when everything must be done
 */
public record Patience(Duration step, Optional<Deadline> whole) {

  /** The guest was waited for in vain. */
  public static final class Exhausted extends IOException {
    private static final long serialVersionUID = 1L;

    Exhausted(String message) {
      super(PrintableText.lines(message));
    }
  }

  /** The longest wait from now on. */
  public Duration next() {
    return whole.map(deadline -> deadline.remainingAtMost(step)).orElse(step);
  }

  /** What to throw when {@link #next} has passed. */
  public Exhausted exhausted(String what) {
    return new Exhausted(
        whole.filter(Deadline::isExpired).isPresent()
            ? what + " took more than " + whole.get().allowed().toMillis() + " ms"
            : "the guest did not answer for " + step.toMillis() + " ms: " + what);
  }
}
