package io.katajava.qemu.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A directory like that of a sandbox: others may pass what is above it. */
final class OpenDirectory implements AutoCloseable {
  private final Path above;
  private final Path directory;

  OpenDirectory() throws IOException {
    above = Files.createTempDirectory("kq");
    Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxr-xr-x"));
    directory = Files.createDirectory(above.resolve(TestStart.ID));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
  }

  Path above() {
    return above;
  }

  Path path() {
    return directory;
  }

  @Override
  public void close() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(above)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.delete(file);
    }
  }
}
