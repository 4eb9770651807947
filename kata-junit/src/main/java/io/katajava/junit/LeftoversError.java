package io.katajava.junit;

import io.katajava.base.text.PrintableText;
import java.util.List;

/**
 * Thrown when a test class left sandboxes, processes, sockets or directories behind. They are gone
 * by now, as far as they could be ended.
 */
public final class LeftoversError extends AssertionError {
  private final transient List<String> leftovers;

  LeftoversError(String testClass, List<String> leftovers) {
    super(
        testClass
            + " left behind:"
            + String.join(
                "", leftovers.stream().map(one -> "\n  " + PrintableText.line(one)).toList()));
    this.leftovers = List.copyOf(leftovers);
  }

  /**
   * What was left.
   *
   * @return one line each
   */
  public List<String> leftovers() {
    return leftovers;
  }
}
