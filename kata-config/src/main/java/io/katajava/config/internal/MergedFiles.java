package io.katajava.config.internal;

import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Setting;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.tomlj.TomlTable;

/** Files laid over each other: what comes later wins, key by key. */
public final class MergedFiles {
  private final Consumer<ConfigurationProblem> problems;
  private final Map<String, Setting> settings = new LinkedHashMap<>();
  private final Set<String> tables = new TreeSet<>();
  private final Set<String> present = new TreeSet<>();
  private final List<UnknownTable> unknown = new ArrayList<>();
  private boolean any;
  private boolean whole = true;

  /**
   * Begins with nothing.
   *
   * @param problems is told what is wrong
   */
  public MergedFiles(Consumer<ConfigurationProblem> problems) {
    this.problems = problems;
  }

  /**
   * Lays a file over what is there.
   *
   * @param file the file
   */
  public void add(Path file) {
    any = true;
    TomlTable root = new TomlSource(file, problems).read();
    if (root == null) {
      whole = false;
      return;
    }
    FirstProblems first = new FirstProblems(file, problems);
    TableReader reader = new TableReader(file, first);
    reader.read(root);
    first.end();
    settings.putAll(reader.settings());
    tables.addAll(reader.tables());
    present.addAll(reader.present());
    unknown.addAll(reader.unknown());
  }

  /** Tells of tables that nothing reads, which is known when there is no further file. */
  public void end() {
    unknown.forEach(table -> problems.accept(table.problem(present)));
  }

  /**
   * Tells whether there was a file and each could be read.
   *
   * @return whether the settings are worth checking against each other
   */
  public boolean isWhole() {
    return any && whole;
  }

  /**
   * What is set.
   *
   * @return settings by path
   */
  public Map<String, Setting> settings() {
    return settings;
  }

  /**
   * Sections of hypervisors and agents that are there.
   *
   * @return their tables
   */
  public Set<String> tables() {
    return tables;
  }
}
