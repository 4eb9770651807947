package io.katajava.cli;

import io.katajava.config.ConfigurationException;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.KataConfiguration;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kata config validate}. */
@Command(
    name = "validate",
    description = "Check a configuration and tell all its problems.",
    footer = {
      "",
      "Exit code: 0 when it can be used, 2 when it has errors.",
      "",
      "Examples:",
      "  kata config validate /etc/kata-containers/configuration.toml",
      "  kata config validate --strict --json configuration.toml"
    })
final class ConfigValidateCommand extends ConfigurationTask {
  @Option(names = "--strict", description = "Take warnings for errors.")
  boolean strict;

  @Option(names = "--json", description = "Print the problems as JSON.")
  boolean json;

  ConfigValidateCommand() {}

  @Override
  int run(KataConfiguration configuration) {
    boolean good = !strict || configuration.warnings().isEmpty();
    if (json) {
      print(good, configuration.warnings());
    } else {
      configuration.warnings().forEach(this::tell);
      if (good) {
        out().println(String.join(", ", files(configuration)) + ": no errors");
      }
    }
    return good ? 0 : BROKEN;
  }

  private static List<String> files(KataConfiguration configuration) {
    return configuration.files().stream().map(Object::toString).toList();
  }

  @Override
  void broken(ConfigurationException failure) {
    if (json) {
      print(false, failure.problems());
      out().flush();
    } else {
      super.broken(failure);
    }
  }

  private void print(boolean good, List<ConfigurationProblem> problems) {
    Stream<JsonText> all = problems.stream().map(ConfigValidateCommand::describe);
    out().println(JsonText.object().with("usable", good).with("problems", all.toList()));
  }

  private static JsonText describe(ConfigurationProblem problem) {
    return JsonText.object()
        .with("severity", problem.isError() ? "error" : "warning")
        .with("place", problem.origin().place())
        .with("line", problem.origin().line())
        .with("column", problem.origin().column())
        .with("key", problem.key())
        .with("problem", problem.what())
        .with("found", problem.found())
        .with("allowed", problem.allowed())
        .with("text", problem.toString());
  }
}
