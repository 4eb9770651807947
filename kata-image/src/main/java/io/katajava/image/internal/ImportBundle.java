package io.katajava.image.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Something with named files: a directory, or an archive that was taken apart into the store. */
interface ImportBundle extends AutoCloseable {
  @Nullable InputStream open(String name) throws IOException;

  @Override
  void close() throws IOException;

  /** A directory. */
  record OfDirectory(Path root) implements ImportBundle {
    @Override
    public @Nullable InputStream open(String name) throws IOException {
      Path file = root.resolve(name);
      return Files.isRegularFile(file) ? Files.newInputStream(file) : null;
    }

    @Override
    public void close() {}
  }
}
