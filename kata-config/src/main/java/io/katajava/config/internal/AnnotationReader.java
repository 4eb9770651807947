package io.katajava.config.internal;

import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationKeys;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.ConfigurationValues;
import io.katajava.config.HypervisorSection;
import io.katajava.config.Origin;
import io.katajava.config.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A sandbox's annotations: whoever starts the sandbox writes them, so each is checked against what
 * the file allows. None opens the extra monitor: its keys have no annotation.
 */
public final class AnnotationReader {
  private static final String PREFIX = "io.katacontainers.config.";
  private static final String HYPERVISOR = "hypervisor.";
  private static final String FILE = "io.katacontainers.config_path";

  private final ConfigurationValues configuration;
  private final HypervisorSection hypervisor;
  private final HostSize host;
  private final Consumer<ConfigurationProblem> problems;

  /**
   * Prepares for one configuration.
   *
   * @param configuration what the files say
   * @param host what the host has
   * @param problems is told what is wrong
   */
  public AnnotationReader(
      ConfigurationValues configuration, HostSize host, Consumer<ConfigurationProblem> problems) {
    this.configuration = configuration;
    this.hypervisor = configuration.hypervisor();
    this.host = host;
    this.problems = problems;
  }

  /**
   * Reads annotations.
   *
   * @param annotations whole names and values
   * @return the settings they make, by path
   */
  public Map<String, Setting> read(Map<String, String> annotations) {
    Map<String, Setting> settings = new LinkedHashMap<>();
    annotations.forEach(
        (name, value) -> {
          if (name.startsWith(PREFIX)) {
            one(name, name.substring(PREFIX.length()), value)
                .ifPresent(setting -> settings.put(setting.path(), setting));
          } else if (name.equals(FILE)) {
            warn(name, "is not followed: the program that starts the sandbox chooses the file");
          }
        });
    new AssetHashes(annotations, configuration, settings, problems).check();
    return settings;
  }

  private Optional<Setting> one(String name, String shortName, String value) {
    boolean ofHypervisor = shortName.startsWith(HYPERVISOR);
    if (ofHypervisor && !isEnabled(shortName.substring(HYPERVISOR.length()))) {
      problems.accept(
          ConfigurationProblem.error(
              Origin.annotation(name),
              "",
              "is not enabled by " + hypervisor.table() + ".enable_annotations",
              "",
              hypervisor.enableAnnotations().isEmpty()
                  ? "none"
                  : "what matches one of " + hypervisor.enableAnnotations()));
      return Optional.empty();
    }
    Optional<ConfigurationKey> key = ConfigurationKeys.ofAnnotation(shortName, hypervisor.name());
    if (key.isEmpty()) {
      if (!AssetHashes.isOne(shortName)) {
        unknown(name, shortName);
      }
      return Optional.empty();
    }
    String table =
        ofHypervisor
            ? hypervisor.table()
            : shortName.startsWith("agent.") ? tableOfAgent(key.get()) : "runtime";
    return setting(name, table, key.get(), value);
  }

  private static String tableOfAgent(ConfigurationKey key) {
    return key.table().equals("agent") ? "agent.kata" : key.table();
  }

  private boolean isEnabled(String name) {
    return hypervisor.enableAnnotations().stream()
        .anyMatch(regex -> Pattern.compile(regex).matcher(name).find());
  }

  private Optional<Setting> setting(String name, String table, ConfigurationKey key, String value) {
    Origin origin = Origin.annotation(name);
    Optional<Setting> before = configuration.setting(table, key.name());
    return new AnnotationValue(key, origin, before.map(Setting::value), problems)
        .read(value)
        .filter(typed -> isWithinHost(origin, key, typed))
        .filter(typed -> isAllowedPath(origin, key, typed))
        .map(typed -> new Setting(table, key, typed, origin));
  }

  private boolean isWithinHost(Origin origin, ConfigurationKey key, Object value) {
    if (key.name().equals("default_vcpus")
        && value instanceof Double vcpus
        && vcpus > host.cpus()) {
      problems.accept(
          ConfigurationProblem.error(
              origin,
              "",
              "asks for more vCPUs than the host has CPUs",
              value.toString(),
              "at most " + host.cpus()));
      return false;
    }
    return true;
  }

  private boolean isAllowedPath(Origin origin, ConfigurationKey key, Object value) {
    String globsKey = HostGlobs.KEYS.get(key.name());
    if (globsKey == null) {
      return true;
    }
    List<String> globs = hypervisor.strings(globsKey);
    if (value instanceof String path && HostGlobs.match(globs, path)) {
      return true;
    }
    problems.accept(
        ConfigurationProblem.error(
            origin,
            "",
            "names a path that " + hypervisor.table() + "." + globsKey + " does not allow",
            TomlNames.quoted(String.valueOf(value)),
            globs.isEmpty() ? "none" : "an existing path that matches one of " + globs));
    return false;
  }

  private void unknown(String name, String shortName) {
    String keyName = shortName.substring(shortName.indexOf('.') + 1);
    String table = shortName.startsWith(HYPERVISOR) ? hypervisor.table() : "agent.kata";
    if (ConfigurationKeys.find(table, keyName).isPresent()) {
      warn(name, "is ignored: " + keyName + " cannot be set by an annotation");
      return;
    }
    List<String> known = new ArrayList<>();
    ConfigurationKeys.all().forEach(key -> key.annotation().ifPresent(known::add));
    warn(
        name,
        "is unknown and ignored"
            + NearestWord.to(shortName, known)
                .map(near -> "; did you mean " + PREFIX + near)
                .orElse(""));
  }

  private void warn(String name, String what) {
    problems.accept(ConfigurationProblem.warning(Origin.annotation(name), "", what, "", ""));
  }
}
