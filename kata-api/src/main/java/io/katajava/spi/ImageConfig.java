package io.katajava.spi;

import io.katajava.Healthcheck;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of an image for the containers made from it: {@code config} of the OCI image
 * configuration. A container's own settings win.
 *
 * @param entrypoint the program, with arguments, that gets the command as further arguments
 * @param command the default command
 * @param env variables
 * @param workdir the working directory
 * @param user {@code name[:group]} or {@code uid[:gid]}, to be looked up in the image's own files
 * @param exposedPorts ports it listens on, for example {@code 80/tcp}
 * @param volumes directories whose content is not meant to be part of the container
 * @param stopSignal what ends the first process politely: a name or number
 * @param labels notes of the image's maker
 * @param healthcheck what tells whether a container works; Docker's addition to the specification
 */
public record ImageConfig(
    List<String> entrypoint,
    List<String> command,
    Map<String, String> env,
    Optional<String> workdir,
    Optional<String> user,
    List<String> exposedPorts,
    List<String> volumes,
    Optional<String> stopSignal,
    Map<String, String> labels,
    Optional<Healthcheck> healthcheck) {

  /** Says nothing. */
  public static final ImageConfig EMPTY =
      new ImageConfig(
          List.of(),
          List.of(),
          Map.of(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          List.of(),
          Optional.empty(),
          Map.of(),
          Optional.empty());

  /** Copies the collections. */
  public ImageConfig {
    entrypoint = List.copyOf(entrypoint);
    command = List.copyOf(command);
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
    exposedPorts = List.copyOf(exposedPorts);
    volumes = List.copyOf(volumes);
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
  }

  /**
   * The same with other variables.
   *
   * @param variables instead of those that are there
   * @return a configuration
   */
  public ImageConfig withEnv(Map<String, String> variables) {
    return new ImageConfig(
        entrypoint,
        command,
        variables,
        workdir,
        user,
        exposedPorts,
        volumes,
        stopSignal,
        labels,
        healthcheck);
  }

  /**
   * The first process by Docker's rules: a container's entrypoint replaces the image's and makes
   * its command not count; a container's command replaces the image's only.
   *
   * @param ownEntrypoint the container's entrypoint, absent when it has none of its own
   * @param ownCommand the container's command, empty when it has none of its own
   * @return program and arguments; empty when nothing says what to run
   */
  public List<String> process(Optional<List<String>> ownEntrypoint, List<String> ownCommand) {
    List<String> process = new java.util.ArrayList<>(ownEntrypoint.orElse(entrypoint));
    process.addAll(ownCommand.isEmpty() && ownEntrypoint.isEmpty() ? command : ownCommand);
    return List.copyOf(process);
  }

  /** Variables and arguments may be secrets: they are not told. */
  @Override
  public String toString() {
    return "ImageConfig[user " + user.orElse("root") + ", ports " + exposedPorts + "]";
  }
}
