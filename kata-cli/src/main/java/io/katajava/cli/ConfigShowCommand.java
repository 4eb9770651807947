package io.katajava.cli;

import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationKeys;
import io.katajava.config.KataConfiguration;
import io.katajava.config.Origin;
import io.katajava.config.Setting;
import io.katajava.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kata config show}: every value with its origin and what becomes of it. */
@Command(
    name = "show",
    description = "Show the values of a configuration, where each was set, and whether it counts.",
    footer = {
      "",
      "A value that does not count here is shown with the reason; passwords are not shown.",
      "",
      "Examples:",
      "  kata config show",
      "  kata config show --all --json configuration.toml"
    })
final class ConfigShowCommand extends ConfigurationTask {
  @Option(names = "--all", description = "Show keys that are not set, too, with their defaults.")
  boolean all;

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  ConfigShowCommand() {}

  private record Row(
      String table,
      ConfigurationKey key,
      String value,
      Origin origin,
      boolean counts,
      String how) {}

  @Override
  int run(KataConfiguration configuration) {
    List<Row> rows = new ArrayList<>();
    configuration.settings().forEach(setting -> rows.add(row(setting, configuration)));
    if (all) {
      for (String table :
          List.of(configuration.hypervisor().table(), "agent.kata", "runtime", "factory")) {
        ConfigurationKeys.of(table).stream()
            .filter(key -> configuration.setting(table, key.name()).isEmpty())
            .forEach(key -> rows.add(unset(table, key)));
      }
    }
    if (json) {
      out().println(Json.indented(describe(configuration, rows)));
    } else {
      configuration.warnings().forEach(this::tell);
      print(rows);
    }
    return 0;
  }

  private static Row row(Setting setting, KataConfiguration configuration) {
    String section = configuration.hypervisor().table();
    boolean elsewhere =
        setting.table().startsWith("hypervisor.")
            && !setting.table().equals(section)
            && !setting.table().startsWith(section + ".");
    String how = elsewhere ? "[" + section + "] is used" : setting.key().how();
    boolean counts = setting.key().actedOn() && !elsewhere;
    if (setting.key().name().equals("extra_monitor_socket") && counts) {
      how = configuration.monitorGate().why();
      counts = configuration.monitorGate().open().isPresent() || setting.isDefault();
    }
    return new Row(setting.table(), setting.key(), setting.text(), setting.origin(), counts, how);
  }

  private static Row unset(String table, ConfigurationKey key) {
    Optional<String> value = key.defaultLiteral();
    return new Row(table, key, value.orElse("-"), Origin.byDefault(), key.actedOn(), key.how());
  }

  private void print(List<Row> rows) {
    String table = "";
    for (String current : rows.stream().map(Row::table).distinct().toList()) {
      out().println((table.isEmpty() ? "" : System.lineSeparator()) + "[" + current + "]");
      table = current;
      for (Row row : rows) {
        if (row.table().equals(current)) {
          out().println(row.key().name() + " = " + row.value());
          out().println("    " + row.origin());
          out().println("    " + (row.counts() ? "counts: " : "does not count: ") + row.how());
        }
      }
    }
  }

  private static JsonObject describe(KataConfiguration configuration, List<Row> rows) {
    return JsonObject.builder()
        .put("files", configuration.files().stream().map(Object::toString).toList())
        .put("warnings", configuration.warnings().stream().map(Object::toString).toList())
        .put(
            "settings",
            rows.stream()
                .map(
                    row ->
                        JsonObject.builder()
                            .put("table", row.table())
                            .put("key", row.key().name())
                            .put("value", row.value())
                            .put("origin", row.origin().toString())
                            .put("counts", row.counts())
                            .put("how", row.how())
                            .build())
                .toList())
        .build();
  }
}
