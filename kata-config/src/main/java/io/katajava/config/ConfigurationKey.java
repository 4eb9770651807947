package io.katajava.config;

import java.util.Optional;
import java.util.Set;

/**
 * A key that Kata's configuration can have: one row of the table behind reader, writer, {@code kata
 * config show} and the reference in the documentation.
 *
 * @param table the kind of table it stands in: of a hypervisor, of the agent, of the runtime, of
 *     the factory, or one below these
 * @param name its name
 * @param hypervisors the hypervisors that have it; empty for keys of other tables
 * @param type its type
 * @param defaultLiteral what counts when it is absent, as TOML; empty when nothing does
 * @param required whether its table cannot be without it
 * @param allowed the values it can have
 * @param unit the unit of a number; empty when it has none
 * @param runtimes which of Kata's runtimes read it
 * @param annotation the annotation that sets it for one sandbox, without {@code
 *     io.katacontainers.config.}
 * @param actedOn whether this library acts on it
 * @param how how it does, or why it does not, a clause
 * @param meaning what it is, a sentence
 */
public record ConfigurationKey(
    String table,
    String name,
    Set<String> hypervisors,
    ValueType type,
    Optional<String> defaultLiteral,
    boolean required,
    AllowedValues allowed,
    String unit,
    Set<Layout> runtimes,
    Optional<String> annotation,
    boolean actedOn,
    String how,
    String meaning) {

  /** Copies the collections. */
  public ConfigurationKey {
    hypervisors = Set.copyOf(hypervisors);
    runtimes = Set.copyOf(runtimes);
  }

  /**
   * Tells whether the key can stand in a table.
   *
   * @param path the table, for example {@code hypervisor.qemu} or {@code agent.kata.mem_agent}
   * @return whether it can
   */
  public boolean belongsTo(String path) {
    Optional<TablePath> parsed = TablePath.parse(path);
    return parsed
        .filter(
            at ->
                at.kind().equals(table)
                    && (hypervisors.isEmpty() || hypervisors.contains(at.owner())))
        .isPresent();
  }

  /**
   * The type, the allowed values and the unit, for people.
   *
   * @return for example {@code an integer of at least 0 (MiB)}
   */
  public String describeAllowed() {
    String values = allowed.describe();
    String text =
        values.isEmpty()
            ? type.phrase()
            : allowed.standsAlone() ? values : type.phrase() + " " + values;
    return unit.isEmpty() ? text : text + " (" + unit + ")";
  }

  /**
   * Tells whether the value must not be shown.
   *
   * @return true for passwords
   */
  public boolean isSecret() {
    return allowed.equals(AllowedValues.SECRET);
  }

  /** Kind of table and name. */
  @Override
  public String toString() {
    return table + "." + name;
  }
}
