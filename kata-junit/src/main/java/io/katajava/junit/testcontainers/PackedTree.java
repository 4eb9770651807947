package io.katajava.junit.testcontainers;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** A tar archive in a temporary file, to be unpacked in a container. */
final class PackedTree implements AutoCloseable {
  /** What writes the archive. */
  @FunctionalInterface
  interface Packing {
    void into(TarArchiveOutputStream archive) throws IOException;
  }

  private final Path file;

  private PackedTree(Path file) {
    this.file = file;
  }

  static PackedTree of(Packing packing) throws IOException {
    PackedTree packed = new PackedTree(Files.createTempFile("kata-container", ".tar"));
    try (TarArchiveOutputStream archive =
        new TarArchiveOutputStream(
            new BufferedOutputStream(Files.newOutputStream(packed.file)), "UTF-8")) {
      archive.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      archive.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      packing.into(archive);
      archive.finish();
      return packed;
    } catch (IOException | RuntimeException | Error e) {
      packed.close();
      throw e;
    }
  }

  /** A directory, in which all files and directories have these permissions; links stay links. */
  static PackedTree withPermissions(Path directory, int permissions) throws IOException {
    return of(
        archive ->
            Files.walkFileTree(
                directory,
                new SimpleFileVisitor<>() {
                  @Override
                  public FileVisitResult preVisitDirectory(Path one, BasicFileAttributes of)
                      throws IOException {
                    String name =
                        one.equals(directory) ? "./" : "./" + directory.relativize(one) + "/";
                    put(new TarArchiveEntry(name), one, of);
                    return FileVisitResult.CONTINUE;
                  }

                  @Override
                  public FileVisitResult visitFile(Path one, BasicFileAttributes of)
                      throws IOException {
                    String name = "./" + directory.relativize(one);
                    if (of.isSymbolicLink()) {
                      TarArchiveEntry link = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
                      link.setLinkName(Files.readSymbolicLink(one).toString());
                      put(link, one, of);
                    } else if (of.isRegularFile()) {
                      put(new TarArchiveEntry(name), one, of);
                    }
                    return FileVisitResult.CONTINUE;
                  }

                  private void put(TarArchiveEntry entry, Path one, BasicFileAttributes of)
                      throws IOException {
                    entry.setModTime(of.lastModifiedTime());
                    if (!of.isSymbolicLink()) {
                      entry.setMode(permissions);
                    }
                    entry.setSize(of.isRegularFile() ? of.size() : 0);
                    archive.putArchiveEntry(entry);
                    if (of.isRegularFile()) {
                      Files.copy(one, archive);
                    }
                    archive.closeArchiveEntry();
                  }
                }));
  }

  InputStream open() throws IOException {
    return Files.newInputStream(file);
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
