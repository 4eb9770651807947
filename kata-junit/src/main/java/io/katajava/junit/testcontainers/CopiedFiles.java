package io.katajava.junit.testcontainers;

import io.katajava.Container;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.MountableFile;

/** Testcontainers' ways to name what is copied into a container. */
final class CopiedFiles {
  private static final int PERMISSIONS = 07777;

  private CopiedFiles() {}

  static void copy(Container target, Transferable content, String path) {
    int permissions = content.getFileMode() & PERMISSIONS;
    if (!(content instanceof MountableFile file)) {
      target.files().write(path, content.getBytes(), permissions);
      return;
    }
    Path source = Path.of(file.getResolvedPath());
    if (!Files.isRegularFile(source)) {
      target.files().copyIn(source, path);
      return;
    }
    try (InputStream bytes = Files.newInputStream(source)) {
      target.files().write(path, bytes, Files.size(source), permissions);
    } catch (IOException e) {
      throw new UncheckedIOException("copy " + source + " to " + path + " of the container", e);
    }
  }
}
