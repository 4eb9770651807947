package io.katajava.config.internal;

import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationKeys;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import io.katajava.config.Setting;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** From one file's tree to settings, by the table of keys. */
final class TableReader {
  private static final List<String> ROOTS = List.of("hypervisor", "agent", "runtime", "factory");
  private static final List<String> AGENTS = List.of("kata");
  private static final Map<String, List<String>> TABLES_BELOW =
      Map.of("hypervisor", List.of("factory", "rootless_user"), "agent", List.of("mem_agent"));

  private final Path file;
  private final FirstProblems problems;
  private final Map<String, Setting> settings = new LinkedHashMap<>();
  private final Set<String> tables = new LinkedHashSet<>();
  private final Set<String> present = new LinkedHashSet<>();
  private final List<UnknownTable> unknown = new ArrayList<>();

  TableReader(Path file, FirstProblems problems) {
    this.file = file;
    this.problems = problems;
  }

  Map<String, Setting> settings() {
    return settings;
  }

  /** Tables of hypervisors and agents that are there, empty ones included. */
  Set<String> tables() {
    return tables;
  }

  /** All tables at the top, and those of hypervisors and agents. */
  Set<String> present() {
    return present;
  }

  /** What stands where a table belongs and is none of ours. */
  List<UnknownTable> unknown() {
    return unknown;
  }

  void read(TomlTable root) {
    for (String name : root.keySet()) {
      Origin origin = origin(root, name);
      if (!ROOTS.contains(name)) {
        unknown(origin, name, "table", ROOTS);
      } else if (root.get(List.of(name)) instanceof TomlTable table) {
        present.add(name);
        if (name.equals("hypervisor")) {
          owners(name, table, HypervisorNames.ALL);
        } else if (name.equals("agent")) {
          owners(name, table, AGENTS);
        } else {
          keys(name, name, table);
        }
      } else {
        wrongType(origin, name, root.get(List.of(name)), "a table");
      }
    }
  }

  private void owners(String kind, TomlTable table, List<String> known) {
    for (String written : table.keySet()) {
      Origin origin = origin(table, written);
      String name = kind.equals("hypervisor") ? HypervisorNames.canonical(written) : written;
      String path = kind + "." + name;
      Object value = table.get(List.of(written));
      if (!(value instanceof TomlTable owned)) {
        if (known.contains(name)) {
          wrongType(origin, path, value, "a table");
        } else {
          unknown(origin, path, "key", known.stream().map(n -> kind + "." + n).toList());
        }
      } else if (!known.contains(name)) {
        unknown(origin, path, "table", known.stream().map(n -> kind + "." + n).toList());
      } else {
        tables.add(path);
        present.add(path);
        keys(kind, path, owned);
      }
    }
  }

  private void keys(String kind, String path, TomlTable table) {
    for (String name : table.keySet()) {
      Origin origin = origin(table, name);
      Object value = table.get(List.of(name));
      if (TABLES_BELOW.getOrDefault(kind, List.of()).contains(name)) {
        if (value instanceof TomlTable below) {
          keys(kind + "." + name, path + "." + name, below);
        } else {
          wrongType(origin, path + "." + name, value, "a table");
        }
        continue;
      }
      ConfigurationKeys.find(path, name)
          .ifPresentOrElse(
              key -> setting(path, name, key, value, origin), () -> unknownKey(origin, path, name));
    }
  }

  private void setting(
      String path, String name, ConfigurationKey key, Object value, Origin origin) {
    new ValueReader(path + "." + name, key, origin, problems)
        .read(value)
        .map(typed -> HypervisorNames.canonical(path, key.name(), typed))
        .ifPresent(
            typed -> {
              Setting setting = new Setting(path, key, typed, origin);
              Setting before = settings.putIfAbsent(setting.path(), setting);
              if (before != null && !before.value().equals(typed)) {
                problems.accept(
                    ConfigurationProblem.error(
                        origin,
                        path + "." + name,
                        "says something else than " + key.name() + " at " + before.origin(),
                        setting.text(),
                        "one of the two spellings"));
              }
            });
  }

  private void unknownKey(Origin origin, String path, String name) {
    List<String> names = new ArrayList<>();
    ConfigurationKeys.of(path).forEach(key -> names.add(key.name()));
    String at = path + "." + TomlNames.bare(name);
    Optional<String> twin = names.stream().filter(name::equalsIgnoreCase).findFirst();
    if (twin.isPresent()) {
      problems.accept(
          ConfigurationProblem.error(
              origin, at, "is unknown: names have their case", "", twin.get()));
      return;
    }
    String gone = RemovedNames.clause(path.split("\\.", -1)[0] + "." + name);
    Optional<String> nearest =
        problems.isFull() || !gone.isEmpty() ? Optional.empty() : NearestWord.to(name, names);
    problems.accept(
        ConfigurationProblem.warning(
            origin,
            at,
            "is unknown and ignored"
                + gone
                + nearest.map(near -> "; did you mean " + near).orElse(""),
            "",
            ""));
  }

  private void unknown(Origin origin, String path, String what, List<String> known) {
    UnknownTable table = new UnknownTable(origin, path, what, known);
    if (unknown.size() < FirstProblems.LIMIT) {
      unknown.add(table);
    } else {
      problems.accept(table.problem(present));
    }
  }

  private void wrongType(
      Origin origin, String path, @org.jspecify.annotations.Nullable Object value, String allowed) {
    problems.accept(
        ConfigurationProblem.error(
            origin, path, "is of the wrong type", ValueReader.describe(value), allowed));
  }

  private Origin origin(TomlTable table, String name) {
    TomlPosition position = table.inputPositionOf(List.of(name));
    return position == null
        ? Origin.file(file)
        : Origin.file(file, position.line(), position.column());
  }
}
