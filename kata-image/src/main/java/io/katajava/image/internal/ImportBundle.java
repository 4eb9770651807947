package io.katajava.image.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Something with named files: a directory, or an archive that was taken apart into the store. */
interface ImportBundle extends AutoCloseable {
  /**
   * Opens a file.
   *
   * @param name from the root of the bundle, as the bundle's own documents say it: not to be
   *     trusted
   * @return its content, or null when there is none
   */
  @Nullable InputStream open(String name) throws IOException;

  /** Whether there is a directory of blobs, as an OCI layout has it. */
  boolean hasBlobs() throws IOException;

  @Override
  void close() throws IOException;

  /** A directory. */
  record OfDirectory(Path root) implements ImportBundle {
    @Override
    public @Nullable InputStream open(String name) throws IOException {
      for (String part : name.split("/", -1)) {
        if (part.isEmpty() || part.equals("..") || part.indexOf('\0') >= 0) {
          return null;
        }
      }
      Path file = root.resolve(name);
      if (!Files.isRegularFile(file)) {
        return null;
      }
      // Blobs may be shared between layouts by links; whatever they lead to has a digest to meet.
      if (!name.startsWith("blobs/") && !file.toRealPath().startsWith(root.toRealPath())) {
        throw new InvalidLayerException("file " + name + " is a link that leads out of " + root);
      }
      return Files.newInputStream(file);
    }

    @Override
    public boolean hasBlobs() {
      return Files.isDirectory(root.resolve("blobs"));
    }

    @Override
    public void close() {}
  }
}
