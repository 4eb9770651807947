package io.katajava.cli;

import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.config.KataConfiguration;
import io.katajava.config.LaunchPlan;
import io.katajava.config.MonitorGate;
import io.katajava.json.JsonObject;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kata config explain}: what would be started, and what is ignored. */
@Command(
    name = "explain",
    description =
        "Explain what a configuration starts on this host, and which settings are ignored.",
    footer = {
      "",
      "Exit code: 0 when a sandbox would be started, 1 when not, 2 when the file has errors.",
      "",
      "Examples:",
      "  kata config explain /etc/kata-containers/configuration.toml",
      "  kata config explain --annotation io.katacontainers.config.hypervisor.default_memory=512"
    })
final class ConfigExplainCommand extends ConfigurationTask {
  private static final int WOULD_NOT_START = 1;

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  ConfigExplainCommand() {}

  @Override
  int run(KataConfiguration configuration) {
    LaunchPlan plan = configuration.plan();
    String commandLine = "";
    List<String> obstacles = plan.obstacles();
    if (obstacles.isEmpty()) {
      try {
        commandLine = plan.explain(KataDirectories.fromEnvironment().state().resolve("example"));
      } catch (KataException e) {
        obstacles = List.of(String.valueOf(e.getMessage()));
      }
    }
    if (json) {
      out().println(Json.indented(describe(configuration, plan, obstacles, commandLine)));
    } else {
      configuration.warnings().forEach(this::tell);
      print(configuration, plan, obstacles, commandLine);
    }
    return obstacles.isEmpty() ? 0 : WOULD_NOT_START;
  }

  private static String monitor(MonitorGate gate) {
    String kind = gate.open().map(monitor -> "on, " + monitor.configurationValue()).orElse("off");
    return kind + " (" + gate.why() + ")";
  }

  private void print(
      KataConfiguration configuration,
      LaunchPlan plan,
      List<String> obstacles,
      String commandLine) {
    out().println("read:");
    configuration.files().forEach(file -> out().println("  " + file));
    out().println("extra monitor: " + monitor(plan.gate()));
    if (obstacles.isEmpty()) {
      out().println("chosen:");
      plan.choices().forEach(choice -> out().println("  " + choice));
      out().println("would be started:");
      out().print(commandLine.stripTrailing().indent(2));
    } else {
      out().println("would not be started:");
      obstacles.forEach(obstacle -> out().println("  " + obstacle));
    }
    out().println("ignored:");
    plan.ignored().forEach(setting -> out().println("  " + setting + ": " + setting.key().how()));
    if (plan.ignored().isEmpty()) {
      out().println("  nothing");
    }
  }

  private static JsonObject describe(
      KataConfiguration configuration,
      LaunchPlan plan,
      List<String> obstacles,
      String commandLine) {
    return JsonObject.builder()
        .put("files", configuration.files().stream().map(Object::toString).toList())
        .put("warnings", configuration.warnings().stream().map(Object::toString).toList())
        .put(
            "extraMonitor",
            JsonObject.builder()
                .put("open", plan.gate().open().isPresent())
                .put(
                    "asked",
                    plan.gate().asked().map(monitor -> monitor.configurationValue()).orElse(""))
                .put("why", plan.gate().why())
                .build())
        .put("obstacles", obstacles)
        .put("choices", plan.choices().stream().map(Object::toString).toList())
        .put("commandLine", commandLine)
        .put(
            "ignored",
            plan.ignored().stream()
                .map(
                    setting ->
                        JsonObject.builder()
                            .put("key", setting.path())
                            .put("value", setting.text())
                            .put("origin", setting.origin().toString())
                            .put("why", setting.key().how())
                            .build())
                .toList())
        .build();
  }
}
