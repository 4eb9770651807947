package io.katajava.internal.disk;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A disk for what need not last. Its file loses its name as soon as a machine has opened it: the
 * room is free again when the machine ends, however it ends.
 *
 * @param image the file
 * @param note that it is there, for should this JVM be killed before it is plugged in
 */
public record ScratchDisk(Path image, DraftNotes.Note note) implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ScratchDisk.class);

  /** Longer than any start takes. */
  private static final Duration PLUGGING = Duration.ofHours(1);

  /**
   * Makes one.
   *
   * @param cache the runtime's directory for what can be made again
   * @param size of the disk
   * @param drafts remembers it until it has lost its name
   * @return the disk, to be closed once it is plugged in
   */
  public static ScratchDisk make(Path cache, MemorySize size, DraftNotes drafts) {
    Path directory = cache.resolve("scratch");
    try {
      directory = TrustedDirectory.shared("cache", directory);
      removeAbandoned(directory);
      Path image = directory.resolve(UUID.randomUUID() + ".ext4");
      DraftNotes.Note note = drafts.note(image);
      boolean made = false;
      try {
        Ext4.make(image, size, false, Optional.empty());
        made = true;
        return new ScratchDisk(image, note);
      } finally {
        if (!made) {
          note.close();
        }
      }
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "a disk for a writable layer cannot be made in " + directory + ": " + e.getMessage(),
          Details.none().withCause(e).withRemedy("Use a writable layer in memory"));
    }
  }

  /** Names that a JVM could not remove because it was killed between making and plugging. */
  private static void removeAbandoned(Path directory) throws IOException {
    FileTime longAgo = FileTime.from(Instant.now().minus(PLUGGING));
    try (DirectoryStream<Path> images = Files.newDirectoryStream(directory)) {
      for (Path image : images) {
        try {
          if (Files.getLastModifiedTime(image).compareTo(longAgo) < 0) {
            Files.deleteIfExists(image);
          }
        } catch (NoSuchFileException e) {
          log.trace("{} has just gone", image, e);
        }
      }
    }
  }

  /** Removes the name. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(image);
      note.close();
    } catch (IOException e) {
      log.warn("{} stays until this runtime's JVM has ended: {}", image, e.toString());
    }
  }
}
