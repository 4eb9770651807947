package io.katajava.config;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import java.util.List;

/**
 * Thrown when a configuration cannot be used. All its problems are in here, not only the first. The
 * code is {@link ErrorCode#INVALID_CONFIGURATION}.
 */
public final class ConfigurationException extends KataException {
  private final transient List<ConfigurationProblem> problems;

  /**
   * Makes the exception.
   *
   * @param problems at least one error, and the warnings
   */
  public ConfigurationException(List<ConfigurationProblem> problems) {
    super(ErrorCode.INVALID_CONFIGURATION, message(problems));
    this.problems = List.copyOf(problems);
  }

  /**
   * Everything that is wrong, in the order of files and lines.
   *
   * @return errors and warnings
   */
  public List<ConfigurationProblem> problems() {
    return problems;
  }

  /**
   * What keeps the configuration from being used.
   *
   * @return the errors, at least one
   */
  public List<ConfigurationProblem> errors() {
    return problems.stream().filter(ConfigurationProblem::isError).toList();
  }

  private static String message(List<ConfigurationProblem> problems) {
    List<String> errors =
        problems.stream()
            .filter(ConfigurationProblem::isError)
            .map(ConfigurationProblem::toString)
            .toList();
    return errors.size() == 1
        ? errors.get(0)
        : "the configuration has " + errors.size() + " errors:\n" + String.join("\n", errors);
  }
}
