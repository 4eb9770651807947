package io.katajava.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where Kata's configuration may be, in the order in which Kata looks. Only found and shown here:
 * what its keys mean is the business of the configuration module.
 */
final class ConfigurationFiles {
  private static final List<Path> USUAL =
      List.of(
          Path.of("/etc/kata-containers/configuration.toml"),
          Path.of("/usr/share/defaults/kata-containers/configuration.toml"),
          Path.of("/opt/kata/share/defaults/kata-containers/configuration.toml"));

  private ConfigurationFiles() {}

  /** The given file, else those of the usual ones that exist. */
  static List<Path> find(@Nullable Path given) {
    return given != null ? List.of(given) : existing(USUAL.stream());
  }

  private static List<Path> existing(Stream<Path> files) {
    return files.filter(Files::isRegularFile).toList();
  }
}
