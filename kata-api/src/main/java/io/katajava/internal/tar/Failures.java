package io.katajava.internal.tar;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What could not be done with single entries while the others were. */
final class Failures {
  private static final int NAMED = 20;

  private final List<String> named = new ArrayList<>();
  private int count;

  void add(Object name, IOException reason) {
    if (count++ < NAMED) {
      String text = String.valueOf(reason.getMessage());
      named.add(text.startsWith(name.toString()) ? text : name + ": " + text);
    }
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** All of them, or the first ones and how many more. */
  @Override
  public String toString() {
    String more = count > NAMED ? "; and " + (count - NAMED) + " more" : "";
    return String.join("; ", named) + more;
  }
}
