package io.katajava.config;

import io.katajava.config.internal.AnnotationReader;
import io.katajava.config.internal.ConfigurationFiles;
import io.katajava.config.internal.HostSize;
import io.katajava.config.internal.MergedFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A reader of a configuration, which finds the file, merges the drop-ins in order, applies
 * annotations, checks everything, and reports all problems at once. Not safe for several threads.
 */
public final class ConfigurationReader {
  /** The variable that names the file, {@code KATA_CONF_FILE}. */
  public static final String FILE_VARIABLE = ConfigurationFiles.FILE_VARIABLE;

  /** The directory of drop-ins, beside the file. */
  public static final String DROP_IN_DIRECTORY = ConfigurationFiles.DROP_IN_DIRECTORY;

  /** Where the file is looked for when nothing names it, in order. */
  public static final List<Path> SEARCH_PATH =
      List.of(
          Path.of("/etc/kata-containers/configuration.toml"),
          Path.of("/usr/share/defaults/kata-containers/configuration.toml"),
          Path.of("/opt/kata/share/defaults/kata-containers/configuration.toml"),
          Path.of("/etc/kata-containers/runtime-rs/configuration.toml"),
          Path.of("/usr/share/defaults/kata-containers/runtime-rs/configuration.toml"),
          Path.of("/opt/kata/share/defaults/kata-containers/runtime-rs/configuration.toml"));

  private @Nullable Path file;
  private @Nullable List<Path> dropIns;
  private List<Path> searchPath = SEARCH_PATH;
  private Map<String, String> environment = System.getenv();
  private final Map<String, String> annotations = new LinkedHashMap<>();
  private boolean checkFiles = true;

  ConfigurationReader() {}

  /**
   * Names the file. Default: {@value #FILE_VARIABLE}, else the first that exists of {@link
   * #SEARCH_PATH}.
   *
   * @param file the file
   * @return this
   */
  public ConfigurationReader file(Path file) {
    this.file = file;
    return this;
  }

  /**
   * Names the directories of drop-ins. Default: {@value #DROP_IN_DIRECTORY} beside the file, after
   * its symbolic links are resolved. The files {@code *.toml} of a directory count in the order of
   * their names, and what comes later wins.
   *
   * @param directories in order; none for no drop-ins
   * @return this
   */
  public ConfigurationReader dropInDirectories(Path... directories) {
    this.dropIns = List.of(directories);
    return this;
  }

  /**
   * Sets where the file is looked for. Default: {@link #SEARCH_PATH}.
   *
   * @param paths in order
   * @return this
   */
  public ConfigurationReader searchPath(List<Path> paths) {
    this.searchPath = List.copyOf(paths);
    return this;
  }

  /**
   * Sets the environment in which {@value #FILE_VARIABLE} is looked for. Default: the process's.
   *
   * @param variables names and values
   * @return this
   */
  public ConfigurationReader environment(Map<String, String> variables) {
    this.environment = Map.copyOf(variables);
    return this;
  }

  /**
   * Adds an annotation of a sandbox. Those of a hypervisor count only when {@code
   * enable_annotations} has an expression for them; none opens the extra monitor. Those that do not
   * begin with {@code io.katacontainers.config.} are not looked at.
   *
   * @param name the whole name
   * @param value the value
   * @return this
   */
  public ConfigurationReader annotation(String name, String value) {
    annotations.put(name, value);
    return this;
  }

  /**
   * Sets whether files that the configuration names must exist. Default: true. Without it a
   * configuration of another machine can be looked at.
   *
   * @param check whether they must
   * @return this
   */
  public ConfigurationReader checkFiles(boolean check) {
    this.checkFiles = check;
    return this;
  }

  /**
   * Tells what {@link #read()} would read, without looking into it. A file that was named, here or
   * by {@value #FILE_VARIABLE}, is told even when it does not exist.
   *
   * @return the main file first, then the drop-ins; empty when no file was named and there is none
   *     at the usual places
   */
  public List<Path> files() {
    return find(problem -> {});
  }

  private List<Path> find(Consumer<ConfigurationProblem> problems) {
    return new ConfigurationFiles(file, dropIns, searchPath, environment, problems).find();
  }

  /**
   * Reads.
   *
   * @return the configuration
   * @throws ConfigurationException with all problems, if there is an error among them
   */
  public KataConfiguration read() {
    List<ConfigurationProblem> problems = new ArrayList<>();
    List<Path> files = find(problems::add);
    MergedFiles merged = new MergedFiles(problems::add);
    files.forEach(merged::add);
    merged.end();
    if (!merged.isWhole()) {
      // What could not be read might have put right what the other files lack.
      throw new ConfigurationException(problems);
    }
    Map<String, Setting> settings = new LinkedHashMap<>(merged.settings());
    if (!annotations.isEmpty()) {
      ConfigurationValues soFar = new ConfigurationValues(settings, merged.tables());
      settings.putAll(
          new AnnotationReader(soFar, HostSize.current(), problems::add).read(annotations));
    }
    return KataConfiguration.of(
        new ConfigurationValues(settings, merged.tables()), files, problems, checkFiles);
  }
}
