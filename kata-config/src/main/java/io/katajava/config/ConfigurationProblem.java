package io.katajava.config;

/**
 * A problem of a configuration.
 *
 * @param severity whether it keeps the configuration from being used
 * @param origin where it is: file, line and column, or the annotation
 * @param key the key with its table, for example {@code hypervisor.qemu.default_memory}; empty when
 *     it is about a whole file
 * @param what what is wrong, a clause whose subject is the key or the file
 * @param found what was found; empty when the clause says it
 * @param allowed what is allowed, or what to do; empty when the clause says it
 */
public record ConfigurationProblem(
    Severity severity, Origin origin, String key, String what, String found, String allowed) {

  /** The severity of a problem. */
  public enum Severity {
    /** The configuration cannot be used. */
    ERROR,
    /** It can, but probably does not mean what was meant. */
    WARNING
  }

  /**
   * Makes an error.
   *
   * @param origin where
   * @param key the key with its table, or empty
   * @param what what is wrong
   * @param found what was found, or empty
   * @param allowed what is allowed, or empty
   * @return the problem
   */
  public static ConfigurationProblem error(
      Origin origin, String key, String what, String found, String allowed) {
    return new ConfigurationProblem(Severity.ERROR, origin, key, what, found, allowed);
  }

  /**
   * Makes a warning.
   *
   * @param origin where
   * @param key the key with its table, or empty
   * @param what what is wrong
   * @param found what was found, or empty
   * @param allowed what is allowed, or empty
   * @return the problem
   */
  public static ConfigurationProblem warning(
      Origin origin, String key, String what, String found, String allowed) {
    return new ConfigurationProblem(Severity.WARNING, origin, key, what, found, allowed);
  }

  /**
   * Tells whether it is an error.
   *
   * @return false for a warning
   */
  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /** One line: place, key, what is wrong, what was found, what is allowed. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(origin.toString()).append(": ");
    if (!key.isEmpty()) {
      text.append(key).append(' ');
    }
    text.append(what);
    if (!found.isEmpty()) {
      text.append(": found ").append(found);
      if (!allowed.isEmpty()) {
        text.append(", allowed: ").append(allowed);
      }
    } else if (!allowed.isEmpty()) {
      text.append("; allowed: ").append(allowed);
    }
    return text.toString();
  }
}
