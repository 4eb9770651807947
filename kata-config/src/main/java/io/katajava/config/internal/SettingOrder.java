package io.katajava.config.internal;

import io.katajava.config.ConfigurationKeys;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import io.katajava.config.Setting;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The order of settings (that of the reference) and of problems (that of files and lines). */
public final class SettingOrder {
  private static final List<String> ROOTS = List.of("hypervisor", "agent", "runtime", "factory");

  private SettingOrder() {}

  /**
   * Sorts settings.
   *
   * @param settings by path
   * @return an unmodifiable map in the order of the reference
   */
  public static Map<String, Setting> sorted(Map<String, Setting> settings) {
    List<Setting> ordered = new ArrayList<>(settings.values());
    ordered.sort(
        Comparator.comparingInt((Setting setting) -> root(setting.table()))
            .thenComparing(setting -> setting.table())
            .thenComparingInt(setting -> ConfigurationKeys.all().indexOf(setting.key())));
    Map<String, Setting> map = new LinkedHashMap<>();
    ordered.forEach(setting -> map.put(setting.path(), setting));
    return Collections.unmodifiableMap(map);
  }

  private static int root(String table) {
    return ROOTS.indexOf(table.split("\\.", 2)[0]);
  }

  /**
   * Sorts problems by file, line and column; annotations come last.
   *
   * @param problems in any order
   * @param files the files in the order they were read
   * @return the sorted problems
   */
  public static List<ConfigurationProblem> byPlace(
      List<ConfigurationProblem> problems, List<Path> files) {
    List<ConfigurationProblem> ordered = new ArrayList<>(problems);
    ordered.sort(
        Comparator.comparingInt((ConfigurationProblem problem) -> file(problem.origin(), files))
            .thenComparingInt(problem -> problem.origin().line())
            .thenComparingInt(problem -> problem.origin().column()));
    return ordered;
  }

  private static int file(Origin origin, List<Path> files) {
    int index = origin.path().map(files::indexOf).orElse(-1);
    return index < 0 ? files.size() : index;
  }
}
