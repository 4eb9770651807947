package io.katajava.internal.tar;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a directory of the host had in it when it was copied into a guest: what tells, on the way
 * back, deletions in the guest from files that are new on the host.
 */
public final class HostSnapshot {
  private final Path root;
  private final NavigableMap<Path, Stamp> stamps = new TreeMap<>();

  /** What is looked at to see whether a file is the one it was. */
  private record Stamp(Object key, boolean directory, long size, FileTime modified) {
    static Stamp of(BasicFileAttributes found) {
      // A directory's size and time change with what is in it.
      return found.isDirectory()
          ? new Stamp(String.valueOf(found.fileKey()), true, 0, FileTime.fromMillis(0))
          : new Stamp(
              String.valueOf(found.fileKey()), false, found.size(), found.lastModifiedTime());
    }
  }

  private HostSnapshot(Path root) {
    this.root = root;
  }

  /**
   * Looks at all there is, following no link.
   *
   * @param directory the directory
   * @return what is in it
   * @throws IOException when it cannot be read
   */
  public static HostSnapshot of(Path directory) throws IOException {
    HostSnapshot snapshot = new HostSnapshot(directory.toAbsolutePath().normalize());
    Files.walkFileTree(
        snapshot.root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes found) {
            return note(path, found);
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes found) {
            // Pipes, sockets and devices are not copied, so their absence says nothing.
            return found.isOther() ? FileVisitResult.CONTINUE : note(path, found);
          }

          private FileVisitResult note(Path path, BasicFileAttributes found) {
            snapshot.stamps.put(path, Stamp.of(found));
            return FileVisitResult.CONTINUE;
          }
        });
    snapshot.stamps.remove(snapshot.root);
    return snapshot;
  }

  /**
   * Whether a file was changed on the host since, while the guest's still looks as it was copied.
   *
   * @param path on the host
   * @param guest what the guest has
   */
  boolean isNewerThan(Path path, TarEntry guest) throws IOException {
    Stamp before = stamps.get(path);
    return before != null
        && before.size() == guest.size()
        && before.modified().to(TimeUnit.SECONDS) == guest.modified()
        && !before.equals(now(path));
  }

  private static @Nullable Stamp now(Path path) throws IOException {
    try {
      return Stamp.of(
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /**
   * Removes what the guest has no more and the host has not changed. A directory stays if something
   * is left in it.
   *
   * @param found everything the guest has
   * @throws IOException when something cannot be removed
   */
  void removeAllBut(Set<Path> found) throws IOException {
    Map<Path, Boolean> plain = new HashMap<>();
    // What is in a directory comes after it.
    for (Map.Entry<Path, Stamp> entry : stamps.descendingMap().entrySet()) {
      Path path = entry.getKey();
      if (!found.contains(path)
          && isPlain(path.getParent(), plain)
          && entry.getValue().equals(now(path))) {
        delete(path);
      }
    }
  }

  private static void delete(Path path) throws IOException {
    try {
      Files.delete(path);
    } catch (NoSuchFileException | DirectoryNotEmptyException e) {
      // The host was at work there meanwhile.
      return;
    }
  }

  /** Whether no part of the way there has become a link: nothing is removed through one. */
  private boolean isPlain(@Nullable Path directory, Map<Path, Boolean> known) {
    if (directory == null || directory.equals(root)) {
      return Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS);
    }
    Boolean answer = known.get(directory);
    if (answer == null) {
      answer =
          isPlain(directory.getParent(), known)
              && Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS);
      known.put(directory, answer);
    }
    return answer;
  }
}
