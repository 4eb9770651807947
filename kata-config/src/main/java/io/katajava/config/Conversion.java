package io.katajava.config;

import io.katajava.config.internal.LayoutConverter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The result of converting a configuration to the spelling of the other runtime.
 *
 * @param configuration the result
 * @param notes what changed its meaning or could not be carried over, a sentence each
 */
public record Conversion(KataConfiguration configuration, List<String> notes) {

  /** Copies the notes. */
  public Conversion {
    notes = List.copyOf(notes);
  }

  static Conversion of(KataConfiguration from, Layout layout) {
    List<String> notes = new ArrayList<>();
    Map<String, Setting> settings =
        new LayoutConverter(from.settings(), from.hypervisorName(), layout, notes).convert();
    Set<String> tables = new TreeSet<>(from.values().tables());
    settings
        .values()
        .forEach(
            setting -> {
              String owner = TablePath.owner(setting.table());
              if (TablePath.isOwner(owner)) {
                tables.add(owner);
              }
            });
    return new Conversion(
        KataConfiguration.of(
            new ConfigurationValues(settings, tables), List.of(), new ArrayList<>(), false),
        notes);
  }
}
