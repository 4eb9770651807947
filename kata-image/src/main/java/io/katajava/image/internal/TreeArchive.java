package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.image.internal.TarEntry.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;

/** A directory of the host as an archive: owners, modes, hard links and devices as they are. */
final class TreeArchive {
  private TreeArchive() {}

  static void write(Path root, OutputStream out, Deadline deadline) throws IOException {
    TarWriter writer = new TarWriter(out);
    Map<Object, String> seen = new HashMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            LateException.check(deadline, "reading " + root);
            if (!directory.equals(root)) {
              writer.entry(entry(root, directory, Kind.DIRECTORY, 0, ""));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            LateException.check(deadline, "reading " + root);
            add(writer, root, file, attributes, seen);
            return FileVisitResult.CONTINUE;
          }
        });
    writer.finish();
  }

  private static void add(
      TarWriter writer,
      Path root,
      Path file,
      BasicFileAttributes attributes,
      Map<Object, String> seen)
      throws IOException {
    String path = bytes(root.relativize(file).toString());
    Object key = attributes.fileKey();
    if (key != null && links(file) > 1) {
      String first = seen.putIfAbsent(key, path);
      if (first != null) {
        writer.entry(TarEntry.hardLink(path, first));
        return;
      }
    }
    if (attributes.isSymbolicLink()) {
      String link = bytes(Files.readSymbolicLink(file).toString());
      writer.entry(entry(root, file, Kind.SYMLINK, 0, link));
    } else if (attributes.isRegularFile()) {
      long size = attributes.size();
      writer.entry(entry(root, file, Kind.FILE, size, ""));
      byte[] buffer = new byte[1 << 16];
      try (InputStream in = Files.newInputStream(file)) {
        for (long left = size; left > 0; ) {
          int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
          if (n < 0) {
            throw new IOException(file + " became shorter while it was read");
          }
          writer.content(buffer, n);
          left -= n;
        }
      }
    } else {
      int mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      Kind kind =
          switch (mode & 0170000) {
            case 0020000 -> Kind.CHARACTER;
            case 0060000 -> Kind.BLOCK;
            case 0010000 -> Kind.FIFO;
            default -> Kind.HARD_LINK;
          };
      // A socket means nothing in another place.
      if (kind != Kind.HARD_LINK) {
        writer.entry(entry(root, file, kind, 0, ""));
      }
    }
  }

  private static int links(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
  }

  private static TarEntry entry(Path root, Path file, Kind kind, long size, String link)
      throws IOException {
    Map<String, Object> unix =
        Files.readAttributes(
            file, "unix:mode,uid,gid,rdev,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
    long device = (long) unix.getOrDefault("rdev", 0L);
    boolean node = kind == Kind.CHARACTER || kind == Kind.BLOCK;
    return new TarEntry(
        bytes(root.relativize(file).toString()),
        kind,
        (int) unix.getOrDefault("mode", 0) & 07777,
        Integer.toUnsignedLong((int) unix.getOrDefault("uid", 0)),
        Integer.toUnsignedLong((int) unix.getOrDefault("gid", 0)),
        size,
        Math.max(0, Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toMillis() / 1000),
        link,
        node ? (int) ((device >> 8) & 0xfff) : 0,
        node ? (int) ((device & 0xff) | ((device >> 12) & 0xfff00)) : 0,
        Map.of());
  }

  /** Names are bytes; Java has them in the locale's encoding, UTF-8 nearly everywhere. */
  private static String bytes(String name) {
    return new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
