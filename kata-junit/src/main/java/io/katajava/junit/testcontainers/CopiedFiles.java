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
import java.util.OptionalInt;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
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

  static void copy(Container target, Transferable content, String path) {
    try {
      if (content instanceof MountableFile file) {
        copyOfTheHost(target, file, path);
      } else if (packsItself(content)) {
        try (PackedTree packed = PackedTree.of(archive -> content.transferTo(archive, path));
            InputStream archive = packed.open()) {
          target.files().extract(archive, "/");
        }
      } else {
        target.files().write(path, content.getBytes(), content.getFileMode() & PERMISSIONS);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot copy " + content.getDescription() + " to " + path + " of the container", e);
    }
  }

  /** Whether there is more to it than its bytes. */
  private static boolean packsItself(Transferable content) {
    try {
      return content
              .getClass()
              .getMethod("transferTo", TarArchiveOutputStream.class, String.class)
              .getDeclaringClass()
          != Transferable.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("Testcontainers' Transferable has changed", e);
    }
  }

  private static void copyOfTheHost(Container target, MountableFile file, String path)
      throws IOException {
    Path source = Path.of(file.getResolvedPath());
    if (Files.isRegularFile(source)) {
      String place = path.endsWith("/") ? path + source.getFileName() : path;
      try (InputStream bytes = Files.newInputStream(source)) {
        target.files().write(place, bytes, Files.size(source), file.getFileMode() & PERMISSIONS);
      }
    } else if (Files.isDirectory(source)) {
      // A link to a directory is the directory, as for Testcontainers.
      copyTree(target, source.toRealPath(), ForcedMode.of(file), path);
    } else {
      target.files().copyIn(source, path);
    }
  }

  private static void copyTree(Container target, Path tree, OptionalInt forced, String path)
      throws IOException {
    if (forced.isEmpty()) {
      target.files().copyIn(tree, path);
      return;
    }
    try (PackedTree packed = PackedTree.withPermissions(tree, forced.getAsInt());
        InputStream archive = packed.open()) {
      target.files().extract(archive, path);
    }
  }
}
