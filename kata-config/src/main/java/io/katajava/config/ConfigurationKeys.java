package io.katajava.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The table of all keys, a resource of this module. */
public final class ConfigurationKeys {
  private static final String RESOURCE = "keys.tsv";
  private static final List<ConfigurationKey> ALL = load();

  private ConfigurationKeys() {}

  /**
   * All keys, in the order of the reference.
   *
   * @return the keys
   */
  public static List<ConfigurationKey> all() {
    return ALL;
  }

  /**
   * The keys a table can have.
   *
   * @param table for example {@code hypervisor.qemu}
   * @return the keys; empty when there is no such table
   */
  public static List<ConfigurationKey> of(String table) {
    return ALL.stream().filter(key -> key.belongsTo(table)).toList();
  }

  /**
   * Looks for a key.
   *
   * @param table for example {@code hypervisor.qemu}
   * @param name the key's name, or another spelling that Kata accepts
   * @return the key, or empty
   */
  public static Optional<ConfigurationKey> find(String table, String name) {
    String known = canonical(table, name);
    return ALL.stream().filter(key -> key.name().equals(known) && key.belongsTo(table)).findFirst();
  }

  /**
   * The key of an annotation.
   *
   * @param annotation its name without {@code io.katacontainers.config.}
   * @param hypervisor the hypervisor that is used
   * @return the key, or empty
   */
  public static Optional<ConfigurationKey> ofAnnotation(String annotation, String hypervisor) {
    return ALL.stream()
        .filter(key -> key.annotation().filter(annotation::equals).isPresent())
        // One that both runtimes know may stand in different tables.
        .filter(key -> annotation.startsWith(key.table().split("\\.", -1)[0] + "."))
        .filter(key -> key.hypervisors().isEmpty() || key.hypervisors().contains(hypervisor))
        .findFirst();
  }

  /**
   * The reference of all keys, as it is in the documentation.
   *
   * @return Markdown
   */
  public static String toMarkdown() {
    return ReferenceDocument.markdown();
  }

  /** Spellings that runtime-rs accepts besides the key's own. */
  private static String canonical(String table, String name) {
    if (table.equals("hypervisor.qemu") && name.equals("dbg_monitor_socket")) {
      return "extra_monitor_socket";
    }
    return table.equals("agent.kata.mem_agent") && name.equals("enable")
        ? "mem_agent_enable"
        : name;
  }

  private static List<ConfigurationKey> load() {
    List<ConfigurationKey> keys = new ArrayList<>();
    try (InputStream in = ConfigurationKeys.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + RESOURCE + " is missing from the jar");
      }
      BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      lines.readLine();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        keys.add(row(line.split("\t", -1)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the resource " + RESOURCE + " cannot be read", e);
    }
    return List.copyOf(keys);
  }

  private static ConfigurationKey row(String[] cells) {
    boolean required = cells[4].equals("!");
    return new ConfigurationKey(
        cells[0],
        cells[1],
        words(cells[2]),
        ValueType.ofLabel(cells[3]),
        required || cells[4].equals("-") ? Optional.empty() : Optional.of(cells[4]),
        required,
        new AllowedValues(cells[5].equals("-") ? "" : cells[5]),
        cells[6].equals("-") ? "" : cells[6],
        Arrays.stream(Layout.values())
            .filter(layout -> words(cells[7]).contains(layout.label()))
            .collect(Collectors.toUnmodifiableSet()),
        cells[8].equals("-") ? Optional.empty() : Optional.of(cells[8]),
        cells[9].equals("yes"),
        cells[10],
        cells[11]);
  }

  private static Set<String> words(String cell) {
    return cell.equals("-") ? Set.of() : Set.of(cell.split(" ", -1));
  }
}
