package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.MountableFile;

/** Testcontainers' ways to name what is copied into a container. */
final class CopiedFiles {
  private static final int PERMISSIONS = 07777;

  private CopiedFiles() {}

  /** Copies out; of a link to a file, the file. */
  static void fetch(Container source, String path, Path destination) {
    try {
      source.files().copyOut(path, destination);
    } catch (KataException e) {
      if (e.code() != ErrorCode.COPY_FAILED || !readLinked(source, path, destination, e)) {
        throw e;
      }
    }
  }

  private static boolean readLinked(
      Container source, String path, Path destination, KataException refused) {
    try {
      Path linked = Files.createTempFile("kata-container", null);
      try {
        try (OutputStream bytes = Files.newOutputStream(linked)) {
          source.files().read(path, bytes);
        }
        try (InputStream bytes = Files.newInputStream(linked)) {
          Files.copy(bytes, destination, StandardCopyOption.REPLACE_EXISTING);
        }
        return true;
      } finally {
        Files.deleteIfExists(linked);
      }
    } catch (KataException | IOException e) {
      refused.addSuppressed(e);
      return false;
    }
  }

  /** A link to a directory is the directory, as for Testcontainers. */
  private static void copyTree(Container target, Path source, String path) {
    try {
      target.files().copyIn(Files.isDirectory(source) ? source.toRealPath() : source, path);
    } catch (IOException e) {
      throw new UncheckedIOException("copy " + source + " to " + path + " of the container", e);
    }
  }

  static void copy(Container target, Transferable content, String path) {
    int permissions = content.getFileMode() & PERMISSIONS;
    if (!(content instanceof MountableFile file)) {
      target.files().write(path, content.getBytes(), permissions);
      return;
    }
    Path source = Path.of(file.getResolvedPath());
    if (!Files.isRegularFile(source)) {
      copyTree(target, source, path);
      return;
    }
    try (InputStream bytes = Files.newInputStream(source)) {
      target.files().write(path, bytes, Files.size(source), permissions);
    } catch (IOException e) {
      throw new UncheckedIOException("copy " + source + " to " + path + " of the container", e);
    }
  }
}
