package io.katajava.guest.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the files of an unpacked package were when apt's checksum had just vouched for it. It tells
 * damage from what merely cannot be read or used here.
 */
final class PackageSums {
  private static final String NAME = ".sums";

  private PackageSums() {}

  /** Notes all files below. */
  static void write(Path root) throws IOException {
    StringBuilder lines = new StringBuilder();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        lines.append(Digests.of(file)).append("  ").append(root.relativize(file)).append('\n');
      }
    }
    Files.writeString(root.resolve(NAME), lines);
  }

  /** Whether all was noted and is as it was. */
  static boolean areRight(Path root) throws IOException {
    return Files.exists(root.resolve(NAME)) && damage(root).isEmpty();
  }

  /**
   * The first file that is not as it was.
   *
   * @return a clause; empty when all are, or when nothing was noted
   * @throws IOException when one cannot be read
   */
  static Optional<String> damage(Path root) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(root.resolve(NAME));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    for (String line : lines) {
      int blanks = line.indexOf("  ");
      if (blanks < 0) {
        return Optional.of(root.resolve(NAME) + " has the malformed line '" + line + "'");
      }
      Path file = root.resolve(line.substring(blanks + 2));
      try {
        if (!Digests.of(file).equals(line.substring(0, blanks))) {
          return Optional.of(file + " was changed after it was unpacked");
        }
      } catch (NoSuchFileException e) {
        return Optional.of(file + " is missing");
      }
    }
    return Optional.empty();
  }
}
