package io.katajava.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory with a configuration file and drop-ins. */
final class ConfigurationDirectory {
  private final Path directory;

  ConfigurationDirectory(Path directory) {
    this.directory = directory;
  }

  Path file() {
    return directory.resolve("configuration.toml");
  }

  ConfigurationDirectory main(String toml) throws IOException {
    Files.writeString(file(), toml);
    return this;
  }

  ConfigurationDirectory dropIn(String name, String toml) throws IOException {
    Path dropIns = Files.createDirectories(directory.resolve("config.d"));
    Files.writeString(dropIns.resolve(name), toml);
    return this;
  }

  ConfigurationReader reader() {
    return KataConfiguration.reader().file(file());
  }

  KataConfiguration read() {
    return reader().read();
  }
}
