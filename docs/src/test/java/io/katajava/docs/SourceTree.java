package io.katajava.docs;

import java.nio.file.Path;

/** Where the sources are: tests run in the directory of their module. */
final class SourceTree {
  static final Path ROOT = Path.of("").toAbsolutePath().resolve("..").normalize();

  private SourceTree() {}
}
