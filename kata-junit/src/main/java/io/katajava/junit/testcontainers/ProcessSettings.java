package io.katajava.junit.testcontainers;

import io.katajava.ContainerBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The first process of a {@link KataContainer}: its command, its variables, its directory.
 *
 * @param <SELF> the type whose vocabulary this is
 */
abstract sealed class ProcessSettings<SELF extends ProcessSettings<SELF>>
    permits ContainerSettings {
  private List<String> command = List.of();
  private @Nullable String workingDirectory;
  private final Map<String, String> env = new LinkedHashMap<>();

  ProcessSettings() {}

  abstract SELF self();

  /** Tells a builder all of it. */
  void describe(ContainerBuilder builder) {
    if (!command.isEmpty()) {
      builder.command(command);
    }
    env.forEach(builder::env);
    if (workingDirectory != null) {
      builder.workdir(workingDirectory);
    }
  }

  /**
   * Sets the first process; the arguments of the image's entrypoint, if it has one.
   *
   * @param command split at spaces, without a shell
   * @return this
   */
  public SELF withCommand(String command) {
    setCommand(command);
    return self();
  }

  /**
   * Sets the first process; the arguments of the image's entrypoint, if it has one.
   *
   * @param command program and arguments
   * @return this
   */
  public SELF withCommand(String... command) {
    setCommandParts(command);
    return self();
  }

  /**
   * Sets a variable of the first process.
   *
   * @param key its name
   * @param value its value
   * @return this
   */
  public SELF withEnv(String key, String value) {
    addEnv(key, value);
    return self();
  }

  /**
   * Sets a variable of the first process from what was set before.
   *
   * @param key its name
   * @param mapper gets the value that was set by {@code withEnv}, if any; the image's is not known
   * @return this
   */
  public SELF withEnv(String key, Function<Optional<String>, String> mapper) {
    return withEnv(key, mapper.apply(Optional.ofNullable(env.get(key))));
  }

  /**
   * Sets variables of the first process.
   *
   * @param variables names and values
   * @return this
   */
  public SELF withEnv(Map<String, String> variables) {
    env.putAll(variables);
    return self();
  }

  /**
   * Sets the working directory of the first process.
   *
   * @param directory absolute path in the container
   * @return this
   */
  public SELF withWorkingDirectory(String directory) {
    setWorkingDirectory(directory);
    return self();
  }

  /**
   * The variables that were set.
   *
   * @return names and values
   */
  public Map<String, String> getEnvMap() {
    return Map.copyOf(env);
  }

  /**
   * As {@link #withCommand(String)}.
   *
   * @param command split at spaces, without a shell
   */
  public void setCommand(String command) {
    setCommandParts(command.split(" "));
  }

  /**
   * As {@link #withCommand(String...)}.
   *
   * @param command program and arguments
   */
  public void setCommand(String... command) {
    setCommandParts(command);
  }

  /**
   * As {@link #withCommand(String...)}.
   *
   * @param command program and arguments; none for the image's own
   */
  public void setCommandParts(String[] command) {
    this.command = List.of(command);
  }

  /**
   * What {@link #withCommand(String...)} said.
   *
   * @return program and arguments; none for the image's own
   */
  public String[] getCommandParts() {
    return command.toArray(new String[0]);
  }

  /**
   * As {@link #withEnv(String, String)}.
   *
   * @param key its name
   * @param value its value
   */
  public void addEnv(String key, String value) {
    env.put(key, value);
  }

  /**
   * The variables that were set.
   *
   * @return {@code NAME=VALUE} each
   */
  public List<String> getEnv() {
    return env.entrySet().stream().map(one -> one.getKey() + "=" + one.getValue()).toList();
  }

  /**
   * Sets variables of the first process.
   *
   * @param variables {@code NAME=VALUE} each, instead of those set before
   * @throws IllegalArgumentException if one has no equals sign
   */
  public void setEnv(List<String> variables) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String variable : variables) {
      int equals = variable.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("a variable is NAME=VALUE, got '" + variable + "'");
      }
      all.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    env.clear();
    env.putAll(all);
  }

  /**
   * As {@link #withWorkingDirectory}.
   *
   * @param directory absolute path in the container; null for the image's
   */
  public void setWorkingDirectory(@Nullable String directory) {
    this.workingDirectory = directory;
  }

  /**
   * What {@link #withWorkingDirectory} said.
   *
   * @return absolute path in the container; null for the image's
   */
  public @Nullable String getWorkingDirectory() {
    return workingDirectory;
  }
}
