package io.katajava.config;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A table of the configuration. Values are those that were set; the accessors of the subclasses
 * fall back to the defaults. Immutable.
 */
public sealed class Section
    permits HypervisorSection, AgentSection, RuntimeSection, FactorySection {
  private final String table;
  private final Map<String, Setting> settings;

  Section(String table, Collection<Setting> settings) {
    this.table = table;
    Map<String, Setting> byName = new LinkedHashMap<>();
    settings.forEach(setting -> byName.put(setting.key().name(), setting));
    this.settings = byName;
  }

  /**
   * Which table it is.
   *
   * @return for example {@code hypervisor.qemu}
   */
  public String table() {
    return table;
  }

  /**
   * What was set.
   *
   * @return the settings, in the order of the reference
   */
  public List<Setting> settings() {
    return List.copyOf(settings.values());
  }

  /**
   * A value with its origin.
   *
   * @param key a key of this table
   * @return the setting; empty when it was not set
   * @throws IllegalArgumentException if this table has no such key
   */
  public Optional<Setting> setting(String key) {
    requireKey(key);
    return Optional.ofNullable(settings.get(key));
  }

  /**
   * A boolean that was set.
   *
   * @param key a key of this table
   * @return the value; empty when it was not set
   * @throws IllegalArgumentException if this table has no such key, or it is of another type
   */
  public Optional<Boolean> bool(String key) {
    return value(key, ValueType.BOOLEAN).map(Boolean.class::cast);
  }

  /**
   * An integer that was set.
   *
   * @param key a key of this table
   * @return the value; empty when it was not set
   * @throws IllegalArgumentException if this table has no such key, or it is of another type
   */
  public Optional<Long> integer(String key) {
    return value(key, ValueType.INTEGER).map(Long.class::cast);
  }

  /**
   * A number that was set.
   *
   * @param key a key of this table
   * @return the value; empty when it was not set
   * @throws IllegalArgumentException if this table has no such key, or it is of another type
   */
  public Optional<Double> number(String key) {
    return value(key, ValueType.FLOAT).map(Double.class::cast);
  }

  /**
   * A text that was set.
   *
   * @param key a key of this table
   * @return the value; empty when it was not set or is the empty text, which means the same
   * @throws IllegalArgumentException if this table has no such key, or it is of another type
   */
  public Optional<String> string(String key) {
    return value(key, ValueType.STRING).map(String.class::cast).filter(text -> !text.isEmpty());
  }

  /**
   * A list of texts that was set.
   *
   * @param key a key of this table
   * @return the values; empty when it was not set
   * @throws IllegalArgumentException if this table has no such key, or it is of another type
   */
  public List<String> strings(String key) {
    return value(key, ValueType.STRINGS)
        .map(list -> ((List<?>) list).stream().map(String.class::cast).toList())
        .orElse(List.of());
  }

  private Optional<Object> value(String key, ValueType type) {
    ConfigurationKey known = requireKey(key);
    if (known.type() != type) {
      throw new IllegalArgumentException(
          table + "." + key + " is " + known.type().phrase() + ", not " + type.phrase());
    }
    return Optional.ofNullable(settings.get(key)).map(Setting::value);
  }

  private ConfigurationKey requireKey(String key) {
    return ConfigurationKeys.find(table, key)
        .filter(known -> known.name().equals(key))
        .orElseThrow(() -> new IllegalArgumentException(table + " has no key '" + key + "'"));
  }

  /** Equal when the same values are set, wherever. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Section section
        && table.equals(section.table)
        && values().equals(section.values());
  }

  @Override
  public int hashCode() {
    return Objects.hash(table, values());
  }

  private Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    settings.forEach((name, setting) -> values.put(name, setting.value()));
    return values;
  }

  /** Table and values; a password is not shown. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("[").append(table).append("]");
    settings
        .values()
        .forEach(
            setting ->
                text.append(' ').append(setting.key().name()).append(" = ").append(setting.text()));
    return text.toString();
  }
}
