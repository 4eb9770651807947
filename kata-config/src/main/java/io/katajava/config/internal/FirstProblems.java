package io.katajava.config.internal;

import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Passes on a file's first problems: nobody reads a hundred thousand of them. */
final class FirstProblems implements Consumer<ConfigurationProblem> {
  /** How many are told of one file. */
  static final int LIMIT = 100;

  private final Path file;
  private final Consumer<ConfigurationProblem> problems;
  private int seen;
  private boolean errorLost;

  FirstProblems(Path file, Consumer<ConfigurationProblem> problems) {
    this.file = file;
    this.problems = problems;
  }

  @Override
  public void accept(ConfigurationProblem problem) {
    seen++;
    if (seen <= LIMIT) {
      problems.accept(problem);
    } else {
      errorLost |= problem.isError();
    }
  }

  /** Whether further ones are only counted. */
  boolean isFull() {
    return seen >= LIMIT;
  }

  /** Tells how many were not passed on; an error when there was one among them. */
  void end() {
    if (seen > LIMIT) {
      problems.accept(
          new ConfigurationProblem(
              errorLost
                  ? ConfigurationProblem.Severity.ERROR
                  : ConfigurationProblem.Severity.WARNING,
              Origin.file(file),
              "",
              "has " + (seen - LIMIT) + " more problems",
              "",
              ""));
    }
  }
}
