package io.katajava.internal.tar;

import io.katajava.ContainerFiles.Owner;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Packs a file or a tree of the host. Links are packed as links. */
public final class HostSource {
  private final Path source;
  private final String name;
  private final Owner owner;
  private final boolean holes;

  /**
   * Packs a source.
   *
   * @param source a file, a link or a directory
   * @param name the name of its entry; entries of a directory are named below it
   * @param owner whose it will be
   * @param holes whether long runs of zeros are left out, which not every reader understands
   */
  public HostSource(Path source, String name, Owner owner, boolean holes) {
    this.holes = holes;
    this.source = source;
    this.name = name;
    this.owner = owner;
  }

  /**
   * Packs everything and ends the archive.
   *
   * @param archive takes it
   * @throws IOException if something cannot be read or written
   */
  public void pack(TarWriter archive) throws IOException {
    Files.walkFileTree(
        source,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            add(archive, directory, attributes);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            add(archive, file, attributes);
            return FileVisitResult.CONTINUE;
          }
        });
    archive.finish();
  }

  private void add(TarWriter archive, Path path, BasicFileAttributes attributes)
      throws IOException {
    String below = source.relativize(path).toString();
    String entryName = below.isEmpty() ? name : name + "/" + below;
    if (attributes.isSymbolicLink()) {
      String link = Files.readSymbolicLink(path).toString();
      archive.entry(entry(entryName, TarEntry.Type.LINK, 0777, 0, attributes, link));
    } else if (attributes.isDirectory()) {
      archive.entry(entry(entryName, TarEntry.Type.DIRECTORY, mode(path), 0, attributes, ""));
    } else if (attributes.isRegularFile()) {
      long size = attributes.size();
      TarEntry entry = entry(entryName, TarEntry.Type.FILE, mode(path), size, attributes, "");
      try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
        add(archive, entry, file);
      } catch (IOException e) {
        throw new IOException(path + ": " + e.getMessage(), e);
      }
    }
  }

  private void add(TarWriter archive, TarEntry entry, FileChannel file) throws IOException {
    long size = entry.size();
    List<Segment> segments =
        holes && size >= Zeros.RUN ? Zeros.segments(file, size) : List.of(new Segment(0, size));
    if (segments.equals(List.of(new Segment(0, size)))) {
      archive.entry(entry);
      archive.content(Channels.newInputStream(file), size);
      return;
    }
    archive.sparse(entry, segments);
    archive.content(
        new SegmentStream(file, segments), segments.stream().mapToLong(Segment::length).sum());
  }

  private TarEntry entry(
      String entryName,
      TarEntry.Type type,
      int mode,
      long size,
      BasicFileAttributes attributes,
      String link) {
    return new TarEntry(
        entryName,
        type,
        mode,
        owner.uid(),
        owner.gid(),
        size,
        attributes.lastModifiedTime().to(TimeUnit.SECONDS),
        link);
  }

  private static int mode(Path path) throws IOException {
    Set<PosixFilePermission> set = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    // The enum lists the nine bits from the highest on.
    int mode = 0;
    for (PosixFilePermission permission : PosixFilePermission.values()) {
      mode = mode << 1 | (set.contains(permission) ? 1 : 0);
    }
    return mode;
  }
}
