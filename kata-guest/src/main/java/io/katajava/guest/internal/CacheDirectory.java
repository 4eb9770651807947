package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.base.files.HeldFile;
import io.katajava.base.files.TreeRemoval;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory {@code guest/} of the cache: shared by threads and processes, changed only by
 * renames of finished files.
 */
final class CacheDirectory {
  private static final Logger log = LoggerFactory.getLogger(CacheDirectory.class);
  private static final Duration LONGEST_BUILD = Duration.ofDays(1);

  private final Path root;

  private CacheDirectory(Path root) {
    this.root = root;
  }

  static CacheDirectory open(Path cache) throws IOException {
    CacheDirectory directory = at(cache);
    // The kernel and the initrd that guests boot come from there.
    TrustedDirectory.shared("cache", directory.root);
    directory.removeAbandoned();
    return directory;
  }

  /** What JVMs that were killed had not finished; no build takes as long. */
  private void removeAbandoned() throws IOException {
    Path temporary = root.resolve("tmp");
    if (!Files.isDirectory(temporary) || !Files.isWritable(temporary)) {
      return;
    }
    Instant longAgo = Instant.now().minus(LONGEST_BUILD);
    try (DirectoryStream<Path> all = Files.newDirectoryStream(temporary)) {
      for (Path one : all) {
        try {
          if (Files.getLastModifiedTime(one, LinkOption.NOFOLLOW_LINKS)
              .toInstant()
              .isBefore(longAgo)) {
            TreeRemoval.of(one);
          }
        } catch (NoSuchFileException e) {
          log.trace("{} has just gone", one, e);
        }
      }
    }
  }

  /** For reading only: makes nothing. */
  static CacheDirectory at(Path cache) {
    return new CacheDirectory(cache.toAbsolutePath().normalize().resolve("guest"));
  }

  /** A directory below, made when missing. */
  Path path(String name) {
    return root.resolve(name);
  }

  /** Where unfinished things are made: the same file system, so that a rename finishes them. */
  Path temporary() throws IOException {
    try {
      return Files.createDirectories(root.resolve("tmp"));
    } catch (FileSystemException e) {
      throw new CacheNotWritable(root, e);
    }
  }

  /**
   * Holds a name against other threads and processes.
   *
   * @throws CacheNotWritable when nobody can hold it: nothing can be put into the cache either
   * @throws IOException when it is not free by the deadline
   */
  HeldFile lock(String name, Deadline deadline) throws IOException, InterruptedException {
    try {
      return HeldFile.alone(root.resolve(name + ".lock"), deadline.remaining());
    } catch (FileSystemException e) {
      throw new CacheNotWritable(root, e);
    }
  }

  /** Moves a finished file or directory to its place; one that is there already wins. */
  void publish(Path finished, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    if (Files.isDirectory(finished) && Files.isDirectory(target)) {
      return;
    }
    Files.move(finished, target, StandardCopyOption.ATOMIC_MOVE);
  }

  /** An empty file among the unfinished. */
  Path newFile(String prefix) throws IOException {
    Path directory = temporary();
    try {
      return Files.createTempFile(directory, prefix, null);
    } catch (FileSystemException e) {
      throw new CacheNotWritable(root, e);
    }
  }

  void writeText(Path file, String text) throws IOException {
    writeBytes(file, text.getBytes(StandardCharsets.UTF_8));
  }

  void writeBytes(Path file, byte[] content) throws IOException {
    Path unfinished = newFile("new");
    try {
      Files.write(unfinished, content);
      // QEMU may run as another user than the one who built it.
      Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-r--r--"));
      publish(unfinished, file);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }
}
