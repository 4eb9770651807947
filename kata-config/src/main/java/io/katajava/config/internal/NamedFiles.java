package io.katajava.config.internal;

import io.katajava.config.AllowedValues;
import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.ConfigurationValues;
import io.katajava.config.HypervisorSection;
import io.katajava.config.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Files and directories that the configuration names. */
final class NamedFiles {
  private static final AllowedValues FILE = new AllowedValues("file");

  private final ConfigurationValues configuration;
  private final HypervisorSection hypervisor;
  private final boolean checkFiles;
  private final Consumer<ConfigurationProblem> problems;

  NamedFiles(
      ConfigurationValues configuration,
      boolean checkFiles,
      Consumer<ConfigurationProblem> problems) {
    this.configuration = configuration;
    this.hypervisor = configuration.hypervisor();
    this.checkFiles = checkFiles;
    this.problems = problems;
  }

  void check() {
    bindMounts();
    if (checkFiles) {
      hypervisor.settings().stream()
          .filter(setting -> setting.key().allowed().equals(FILE))
          .filter(setting -> setting.key().actedOn() && !setting.value().equals(""))
          .forEach(this::file);
      initrdFits();
    }
  }

  private void file(Setting setting) {
    ConfigurationKey key = setting.key();
    Path path = Path.of((String) setting.value());
    String what = null;
    if (!Files.exists(path)) {
      what = "names a file that does not exist";
    } else if (!Files.isRegularFile(path)) {
      what = "names something that is not a file";
    } else if (!Files.isReadable(path)) {
      what = "names a file that cannot be read";
    } else if (size(path) == 0) {
      what = "names an empty file";
    } else if (key.name().equals("path") && !Files.isExecutable(path)) {
      what = "names a file that cannot be executed";
    }
    if (what != null) {
      error(setting, what, key.describeAllowed());
    }
  }

  /** The kernel unpacks it into the guest's memory. */
  private void initrdFits() {
    if (!hypervisor.name().equals(ConfigurationValues.QEMU)) {
      return;
    }
    hypervisor
        .initrd()
        .filter(initrd -> size(initrd) > hypervisor.defaultMemory().bytes())
        .flatMap(initrd -> hypervisor.setting("initrd"))
        .ifPresent(
            setting ->
                error(
                    setting,
                    "does not fit into default_memory = "
                        + hypervisor.defaultMemory().toMebibytes(),
                    "a smaller file, or more memory"));
  }

  private void bindMounts() {
    configuration
        .runtime()
        .setting("sandbox_bind_mounts")
        .ifPresent(
            setting -> {
              Set<Path> names = new HashSet<>();
              for (Object element : (List<?>) setting.value()) {
                String text = ((String) element).replaceFirst(":r[ow]$", "");
                Path path = Path.of(text);
                if (!path.isAbsolute() || path.getFileName() == null) {
                  error(setting, "has a path that is not absolute", "absolute paths");
                } else if (!names.add(path.getFileName())) {
                  error(
                      setting,
                      "has two paths with the last name " + path.getFileName(),
                      "different last names");
                } else if (checkFiles && !Files.exists(path)) {
                  error(setting, "has a path that does not exist", "existing paths");
                }
              }
            });
  }

  private static long size(Path path) {
    try {
      return Files.size(path);
    } catch (IOException e) {
      return -1;
    }
  }

  private void error(Setting setting, String what, String allowed) {
    problems.accept(
        ConfigurationProblem.error(
            setting.origin(), setting.path(), what, TomlNames.cut(setting.text()), allowed));
  }
}
