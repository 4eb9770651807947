package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import java.io.IOException;

/** The caller's time is up, whatever it was used for. */
final class LateException extends IOException {
  private static final long serialVersionUID = 1;

  LateException(Deadline deadline, String doing) {
    super(
        PrintableText.lines(
            "the time limit of " + shown(deadline) + " was reached while " + doing));
  }

  private static String shown(Deadline deadline) {
    long millis = deadline.allowed().toMillis();
    return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }

  /** Asked in every loop whose length somebody else decides. */
  static void check(Deadline deadline, String doing) throws LateException {
    if (deadline.isExpired()) {
      throw new LateException(deadline, doing);
    }
  }
}
