package io.katajava.cli;

import java.util.HashMap;
import java.util.Map;

/** The places in a container that options fill: the second at one place would hide the first. */
final class Destinations {
  private final Map<String, String> taken = new HashMap<>();

  /**
   * Takes a place.
   *
   * @throws IllegalArgumentException if it is taken
   */
  void take(String option, String path) {
    String plain = path.replaceAll("/+", "/").replaceAll("(?<=.)/$", "");
    String before = taken.putIfAbsent(plain, option);
    if (before != null) {
      throw new IllegalArgumentException(
          option.equals(before)
              ? option + " is given twice for " + plain
              : before + " and " + option + " are both for " + plain);
    }
  }
}
