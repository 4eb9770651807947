package io.katajava.config;

import io.katajava.config.internal.HypervisorNames;
import io.katajava.config.internal.SettingOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The values of a configuration: its settings with their origins, and its sections. Nothing was
 * checked here. Immutable; {@link KataConfiguration} is this after all checks.
 */
public final class ConfigurationValues {
  /** The hypervisor this library drives, and the one used when none is named. */
  public static final String QEMU = "qemu";

  private final Map<String, Setting> settings;
  private final Set<String> tables;

  ConfigurationValues(Map<String, Setting> settings, Set<String> tables) {
    this.settings = SettingOrder.sorted(settings);
    this.tables = new TreeSet<>(tables);
  }

  /**
   * Everything that was set, in the order of the reference.
   *
   * @return the settings with their origins
   */
  public List<Setting> settings() {
    return List.copyOf(settings.values());
  }

  /**
   * A value with its origin.
   *
   * @param table for example {@code hypervisor.qemu}
   * @param key for example {@code default_memory}
   * @return the setting; empty when it was not set
   */
  public Optional<Setting> setting(String table, String key) {
    return Optional.ofNullable(settings.get(table + "." + key));
  }

  /**
   * The hypervisor whose section counts: {@code hypervisor_name}, else {@code qemu} when there is
   * such a section or none at all, else the only one there is.
   *
   * @return its name
   */
  public String hypervisorName() {
    List<String> present =
        tables.stream()
            .filter(table -> table.startsWith("hypervisor."))
            .map(table -> table.substring("hypervisor.".length()))
            .toList();
    return runtime()
        .hypervisorName()
        .filter(HypervisorNames.ALL::contains)
        .orElse(present.isEmpty() || present.contains(QEMU) ? QEMU : present.get(0));
  }

  /**
   * The section of the hypervisor that counts.
   *
   * @return the section, without settings when there is none
   */
  public HypervisorSection hypervisor() {
    return hypervisor(hypervisorName());
  }

  /**
   * The section of a hypervisor.
   *
   * @param name for example {@code qemu}
   * @return the section, without settings when there is none
   */
  public HypervisorSection hypervisor(String name) {
    return new HypervisorSection(name, in("hypervisor." + name));
  }

  /**
   * Tells whether a section is there, if only its header.
   *
   * @param table for example {@code hypervisor.clh}
   * @return whether it is
   */
  public boolean hasTable(String table) {
    return tables.contains(table) || !in(table).isEmpty();
  }

  /**
   * The agent's section.
   *
   * @return the section, without settings when there is none
   */
  public AgentSection agent() {
    return new AgentSection(in("agent.kata"), in("agent.kata.mem_agent"));
  }

  /**
   * The runtime's section.
   *
   * @return the section, without settings when there is none
   */
  public RuntimeSection runtime() {
    return new RuntimeSection(in("runtime"));
  }

  /**
   * The section of templates and cached machines.
   *
   * @return the section, without settings when there is none
   */
  public FactorySection factory() {
    return new FactorySection(in("factory"));
  }

  /**
   * The gate of the extra monitor.
   *
   * @return whether it is open, and why
   */
  public MonitorGate monitorGate() {
    return MonitorGate.of(hypervisor());
  }

  Map<String, Setting> byPath() {
    return settings;
  }

  Set<String> tables() {
    return tables;
  }

  private List<Setting> in(String table) {
    return settings.values().stream().filter(setting -> setting.table().equals(table)).toList();
  }

  /** Equal when the same tables and values are set, wherever. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ConfigurationValues values
        && tables.equals(values.tables)
        && plain().equals(values.plain());
  }

  @Override
  public int hashCode() {
    return Objects.hash(tables, plain());
  }

  private Map<String, Object> plain() {
    Map<String, Object> values = new LinkedHashMap<>();
    settings.forEach((path, setting) -> values.put(path, setting.value()));
    return values;
  }

  /** The settings; a password is not shown. */
  @Override
  public String toString() {
    return settings.values().toString();
  }
}
