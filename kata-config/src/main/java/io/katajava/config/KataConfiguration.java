package io.katajava.config;

import io.katajava.config.internal.Combinations;
import io.katajava.config.internal.SettingOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Kata's configuration, merged from its file, drop-ins and annotations. Immutable; what was set
 * keeps its origin.
 *
 * <pre>{@code
 * KataConfiguration configuration = KataConfiguration.read(Path.of("configuration.toml"));
 * QemuConfig qemu = configuration.plan().qemu();
 * }</pre>
 */
public final class KataConfiguration {
  /** The hypervisor this library drives, and the one used when none is named. */
  public static final String QEMU = ConfigurationValues.QEMU;

  private final ConfigurationValues values;
  private final List<Path> files;
  private final List<ConfigurationProblem> warnings;

  KataConfiguration(
      ConfigurationValues values, List<Path> files, List<ConfigurationProblem> warnings) {
    this.values = values;
    this.files = List.copyOf(files);
    this.warnings = List.copyOf(warnings);
  }

  /**
   * Reads a file and the drop-ins beside it, in {@code config.d}. No warning is logged; see {@link
   * #warnings()}.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException with all problems, if there is an error among them
   */
  public static KataConfiguration read(Path file) {
    return reader().file(file).read();
  }

  /**
   * Begins to read: file, drop-ins, annotations.
   *
   * @return a reader
   */
  public static ConfigurationReader reader() {
    return new ConfigurationReader();
  }

  /**
   * Begins a configuration in Java.
   *
   * @return a builder without settings
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A builder with these settings.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.settings.putAll(values.byPath());
    builder.tables.addAll(values.tables());
    return builder;
  }

  /**
   * The files it was merged from, the main one first.
   *
   * @return the files; none when it was made in Java
   */
  public List<Path> files() {
    return files;
  }

  /**
   * Everything that was set, in the order of the reference.
   *
   * @return the settings with their origins
   */
  public List<Setting> settings() {
    return values.settings();
  }

  /**
   * What probably does not mean what was meant: unknown keys, values that do not count.
   *
   * @return the warnings, in the order of files and lines
   */
  public List<ConfigurationProblem> warnings() {
    return warnings;
  }

  /**
   * A value with its origin.
   *
   * @param table for example {@code hypervisor.qemu}
   * @param key for example {@code default_memory}
   * @return the setting; empty when it was not set
   */
  public Optional<Setting> setting(String table, String key) {
    return values.setting(table, key);
  }

  /**
   * The hypervisor whose section counts: {@code hypervisor_name}, else {@code qemu} when there is
   * such a section or none at all, else the only one there is.
   *
   * @return its name
   */
  public String hypervisorName() {
    return values.hypervisorName();
  }

  /**
   * The section of the hypervisor that counts.
   *
   * @return the section, without settings when there is none
   */
  public HypervisorSection hypervisor() {
    return values.hypervisor();
  }

  /**
   * The section of a hypervisor.
   *
   * @param name for example {@code qemu}
   * @return the section, without settings when there is none
   */
  public HypervisorSection hypervisor(String name) {
    return values.hypervisor(name);
  }

  /**
   * Tells whether a section is there, if only its header.
   *
   * @param table for example {@code hypervisor.clh}
   * @return whether it is
   */
  public boolean hasTable(String table) {
    return values.hasTable(table);
  }

  /**
   * The agent's section.
   *
   * @return the section, without settings when there is none
   */
  public AgentSection agent() {
    return values.agent();
  }

  /**
   * The runtime's section.
   *
   * @return the section, without settings when there is none
   */
  public RuntimeSection runtime() {
    return values.runtime();
  }

  /**
   * The section of templates and cached machines.
   *
   * @return the section, without settings when there is none
   */
  public FactorySection factory() {
    return values.factory();
  }

  /**
   * The gate of the extra monitor.
   *
   * @return whether it is open, and why
   */
  public MonitorGate monitorGate() {
    return values.monitorGate();
  }

  /**
   * What would be started, and what is ignored.
   *
   * @return the plan
   */
  public LaunchPlan plan() {
    return LaunchPlan.of(this);
  }

  /**
   * The configuration as a file, with a comment before each key. Reading it gives an equal
   * configuration. Passwords are in it.
   *
   * @return TOML
   */
  public String toToml() {
    return new TomlWriter(values).write();
  }

  /**
   * The same configuration as the other runtime spells it.
   *
   * @param layout the runtime to be
   * @return the configuration, and what could not be carried over
   */
  public Conversion convert(Layout layout) {
    return Conversion.of(this, layout);
  }

  /**
   * The same without files and warnings.
   *
   * @return settings and sections
   */
  public ConfigurationValues values() {
    return values;
  }

  /** Equal when the same tables and values are set, wherever. */
  @Override
  public boolean equals(Object other) {
    return other instanceof KataConfiguration configuration && values.equals(configuration.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** The settings; a password is not shown. */
  @Override
  public String toString() {
    return "KataConfiguration" + values;
  }

  /** Makes a configuration in Java. Not safe for several threads. */
  public static final class Builder {
    private final Map<String, Setting> settings = new LinkedHashMap<>();
    private final Set<String> tables = new TreeSet<>();

    private Builder() {}

    /**
     * Adds a hypervisor's or agent's section, as its header does in a file.
     *
     * @param table for example {@code hypervisor.qemu}
     * @return this
     * @throws IllegalArgumentException if there is no such table
     */
    public Builder table(String table) {
      if (ConfigurationKeys.of(table).isEmpty()) {
        throw new IllegalArgumentException("there is no table '" + table + "'");
      }
      if (TablePath.isOwner(table)) {
        tables.add(table);
      }
      return this;
    }

    /**
     * Sets a value. An integer may be given for a number and an {@link Integer} for a long.
     *
     * @param table for example {@code hypervisor.qemu}
     * @param key for example {@code default_memory}
     * @param value of the type that {@link ValueType} names for the key
     * @return this
     * @throws IllegalArgumentException if there is no such key, or the value is not allowed
     */
    public Builder set(String table, String key, Object value) {
      ConfigurationKey known =
          ConfigurationKeys.find(table, key)
              .orElseThrow(() -> new IllegalArgumentException(table + " has no key '" + key + "'"));
      Object typed = ProgramValue.of(known, value);
      Setting setting = new Setting(table, known, typed, Origin.program());
      settings.put(setting.path(), setting);
      String owner = TablePath.owner(table);
      if (TablePath.isOwner(owner)) {
        tables.add(owner);
      }
      return this;
    }

    /**
     * Takes a value away.
     *
     * @param table for example {@code hypervisor.qemu}
     * @param key for example {@code default_memory}
     * @return this
     */
    public Builder unset(String table, String key) {
      settings.remove(table + "." + key);
      return this;
    }

    /**
     * Makes the configuration. Files it names need not exist.
     *
     * @return an immutable configuration
     * @throws ConfigurationException if values do not go together
     */
    public KataConfiguration build() {
      return of(new ConfigurationValues(settings, tables), List.of(), new ArrayList<>(), false);
    }
  }

  /** Checks how the values go together; throws what was found before and here. */
  static KataConfiguration of(
      ConfigurationValues values,
      List<Path> files,
      List<ConfigurationProblem> problems,
      boolean checkFiles) {
    new Combinations(values, checkFiles, problems::add).check();
    List<ConfigurationProblem> ordered = SettingOrder.byPlace(problems, files);
    if (ordered.stream().anyMatch(ConfigurationProblem::isError)) {
      throw new ConfigurationException(ordered);
    }
    return new KataConfiguration(values, files, ordered);
  }
}
