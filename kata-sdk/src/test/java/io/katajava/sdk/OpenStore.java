package io.katajava.sdk;

import io.katajava.TemplateSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A store of templates of a test's own, which an unprivileged QEMU can reach. */
final class OpenStore implements AutoCloseable {
  private final Path directory;

  OpenStore() {
    try {
      directory = Files.createTempDirectory("kt");
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For sockets: its path is short. */
  Path state() {
    return directory.resolve("s");
  }

  Path templates() {
    return directory.resolve("t");
  }

  TemplateSettings settings() {
    return TemplateSettings.defaults().in(templates());
  }

  /** What a build that ended, however it ended, must not leave. */
  List<String> drafts() {
    if (!Files.isDirectory(templates())) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(templates())) {
      return all.map(path -> path.getFileName().toString())
          .filter(name -> name.startsWith("."))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    remove(directory);
  }

  /** A directory of this store, or nothing. */
  void remove(Path tree) {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
