package io.katajava;

import java.util.List;

/**
 * One value of the environment report.
 *
 * @param section a section of the report, for example {@code Hypervisor}; subsections are named
 *     with a dot, {@code Hypervisor.SecurityInfo}
 * @param name the name in the section, for example {@code MachineType}
 * @param value a {@link String}, {@link Long}, {@link Boolean} or {@link List} of strings
 */
public record HostFact(String section, String name, Object value) {

  /** What stands for a value that could not be found out, as in Kata's own report. */
  public static final String UNKNOWN = "<<unknown>>";

  /**
   * Checks the value's type.
   *
   * @throws IllegalArgumentException for a value of another type
   */
  public HostFact {
    boolean strings =
        value instanceof List<?> list && list.stream().allMatch(String.class::isInstance);
    if (!strings
        && !(value instanceof String)
        && !(value instanceof Long)
        && !(value instanceof Boolean)) {
      throw new IllegalArgumentException(
          section
              + "."
              + name
              + " is a string, a long, a boolean or a list of strings, not a "
              + value.getClass().getSimpleName());
    }
    if (value instanceof List<?> list) {
      value = List.copyOf(list);
    }
  }
}
