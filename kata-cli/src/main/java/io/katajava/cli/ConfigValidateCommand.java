package io.katajava.cli;

import io.katajava.config.ConfigurationException;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.KataConfiguration;
import io.katajava.json.JsonObject;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kata config validate}. */
@Command(
    name = "validate",
    description = "Check a configuration and report all its problems.",
    footer = {
      "",
      "Exit code: 0 when the configuration can be used, 2 when it has errors.",
      "",
      "Examples:",
      "  kata config validate /etc/kata-containers/configuration.toml",
      "  kata config validate --strict --json configuration.toml"
    })
final class ConfigValidateCommand extends ConfigurationTask {
  @Option(names = "--strict", description = "Treat warnings as errors.")
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
    List<JsonObject> all = problems.stream().map(ConfigValidateCommand::describe).toList();
    out()
        .println(
            Json.indented(JsonObject.builder().put("usable", good).put("problems", all).build()));
  }

  private static JsonObject describe(ConfigurationProblem problem) {
    return JsonObject.builder()
        .put("severity", problem.isError() ? "error" : "warning")
        .put("place", problem.origin().place())
        .put("line", problem.origin().line())
        .put("column", problem.origin().column())
        .put("key", problem.key())
        .put("problem", problem.what())
        .put("found", problem.found())
        .put("allowed", problem.allowed())
        .put("text", problem.toString())
        .build();
  }
}
