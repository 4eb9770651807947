package io.katajava.guest.internal;

import io.katajava.base.text.PrintableText;

/** A source of a kernel or busybox that does not do here; the message is the reason, a clause. */
final class Unusable extends Exception {
  private final String remedy;

  Unusable(String reason) {
    this(reason, "");
  }

  /**
   * Makes it.
   *
   * @param reason why it does not do
   * @param remedy what would help, a sentence without its stop, or empty
   */
  Unusable(String reason, String remedy) {
    super(PrintableText.lines(reason));
    this.remedy = remedy;
  }

  String remedy() {
    return remedy;
  }
}
