package io.katajava.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code -e} says: {@code NAME=VALUE}, or {@code NAME} for the value that is here. */
final class Variables {
  private final Map<String, String> here;

  Variables(Map<String, String> here) {
    this.here = here;
  }

  /**
   * All of them, in their order.
   *
   * @throws IllegalArgumentException if one is no variable, or has two values; values are not
   *     quoted, as they may be secrets
   */
  Map<String, String> of(List<String> texts) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String text : texts) {
      int equals = text.indexOf('=');
      String name = equals < 0 ? text : text.substring(0, equals);
      String value = equals < 0 ? here.get(name) : text.substring(equals + 1);
      if (value == null) {
        throw new IllegalArgumentException(
            "-e takes NAME=VALUE or the name of a variable that is set here; " + name + " is not");
      }
      String before = all.putIfAbsent(name, value);
      if (before != null && !before.equals(value)) {
        throw new IllegalArgumentException("-e gives " + name + " twice, with two values");
      }
    }
    return all;
  }
}
