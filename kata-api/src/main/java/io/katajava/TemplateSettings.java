package io.katajava;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Settings for the place where templates are kept and the space that they may take.
 *
 * @param directory the store; empty for the default: {@code /dev/shm/kata-java-UID-templates} where
 *     that is a file system in memory with at least 1 GiB free, else {@code templates} in the cache
 *     directory. A store in memory makes no difference for the first clone but is never written to
 *     a disk
 * @param maximumSize what all templates together may take, holes in memory not counted; the longest
 *     unused go first. Default {@link #DEFAULT_MAXIMUM_SIZE}
 * @param maximumCount how many there may be. Default {@link #DEFAULT_MAXIMUM_COUNT}
 * @param maximumAge after which a template is not used any more and goes. Default {@link
 *     #DEFAULT_MAXIMUM_AGE}
 */
public record TemplateSettings(
    Optional<Path> directory, MemorySize maximumSize, int maximumCount, Duration maximumAge) {

  /** What all templates together may take. */
  public static final MemorySize DEFAULT_MAXIMUM_SIZE = MemorySize.gibibytes(1);

  /** How many templates there may be. */
  public static final int DEFAULT_MAXIMUM_COUNT = 16;

  /** A week: a template is made in seconds, and is no place for a forgotten kernel. */
  public static final Duration DEFAULT_MAXIMUM_AGE = Duration.ofDays(7);

  private static final long LEAST_IN_MEMORY = MemorySize.gibibytes(1).bytes();
  private static final Path MEMORY = Path.of("/dev/shm");

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a limit is not positive
   */
  public TemplateSettings {
    if (maximumCount < 1 || maximumSize.bytes() == 0) {
      throw new IllegalArgumentException(
          "a store of templates needs room for at least 1 template and 1 byte, got "
              + maximumCount
              + " templates and "
              + maximumSize);
    }
    Checks.positive("maximum age of templates", maximumAge);
    directory.ifPresent(
        path -> {
          if (!path.isAbsolute()) {
            throw new IllegalArgumentException("'" + path + "' is not an absolute path");
          }
        });
  }

  /**
   * The defaults.
   *
   * @return the default place and limits
   */
  public static TemplateSettings defaults() {
    return new TemplateSettings(
        Optional.empty(), DEFAULT_MAXIMUM_SIZE, DEFAULT_MAXIMUM_COUNT, DEFAULT_MAXIMUM_AGE);
  }

  /**
   * The same limits at another place.
   *
   * @param store an absolute path; others must be able to pass through its parents where the JVM is
   *     root, because QEMU is not
   * @return settings
   */
  public TemplateSettings in(Path store) {
    return new TemplateSettings(Optional.of(store), maximumSize, maximumCount, maximumAge);
  }

  /**
   * Where the store is.
   *
   * @param directories of the runtime
   * @return its directory, which need not exist
   */
  public Path resolve(KataDirectories directories) {
    return directory.orElseGet(
        () ->
            isInMemoryWithRoom()
                ? MEMORY.resolve("kata-java-" + uid() + "-templates")
                : directories.cache().resolve("templates"));
  }

  private static boolean isInMemoryWithRoom() {
    try {
      return Files.isWritable(MEMORY)
          && Files.getFileStore(MEMORY).type().toLowerCase(Locale.ROOT).equals("tmpfs")
          && Files.getFileStore(MEMORY).getUsableSpace() >= LEAST_IN_MEMORY;
    } catch (java.io.IOException e) {
      return false;
    }
  }

  private static String uid() {
    try {
      return String.valueOf(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (java.io.IOException e) {
      return System.getProperty("user.name", "user");
    }
  }
}
