package io.katajava.internal.template;

import io.katajava.TemplateSettings;
import io.katajava.base.files.HeldFile;
import io.katajava.base.files.TreeRemoval;
import io.katajava.base.hash.Spread;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Templates on disk or in memory, shared by the processes of a user: one directory each, named by
 * its key, which appears by a rename when it is complete. Builders work in drafts, whose lock tells
 * whether they still live.
 */
public final class TemplateShelf {
  /** First line of a template's manifest. */
  public static final String FORMAT = "kata-java-template 1";

  private static final Logger log = LoggerFactory.getLogger(TemplateShelf.class);
  private static final String DRAFT = ".draft-";
  private static final String OLD = "old-";
  private static final String LOCK = ".lock";
  private static final String USED = "used";
  private static final String FAILED = ".failed";

  /** As much of a failure's words as is kept. */
  private static final int FAILURE_LENGTH = 1000;

  private final Path root;
  private final TemplateSettings settings;

  /**
   * Opens a shelf; nothing is made on disk yet.
   *
   * @param root its directory
   * @param settings limits
   */
  public TemplateShelf(Path root, TemplateSettings settings) {
    this.root = root;
    this.settings = settings;
  }

  /**
   * Where it is.
   *
   * @return its directory, which need not exist
   */
  public Path root() {
    return root;
  }

  /**
   * The name a template with these traits has.
   *
   * @param traits everything it depends on
   * @return 32 hexadecimal digits; that two differ is checked again by the traits themselves
   */
  public static String idOf(List<String> traits) {
    Spread spread = new Spread();
    traits.forEach(trait -> spread.add(trait).add('\n'));
    return String.format(Locale.ROOT, "%016x%016x", spread.high(), spread.low());
  }

  /**
   * Finds a template that can be used. One that is not as it should be is removed; one that cannot
   * be read stays.
   *
   * @param traits everything it depends on
   * @return the template, verified
   */
  public Optional<StoredImage> find(List<String> traits) {
    String id = idOf(traits);
    Path directory = root.resolve(id);
    if (!Files.isDirectory(directory) || isUntrusted()) {
      return Optional.empty();
    }
    try {
      StoredImage image = StoredImage.open(directory, FORMAT);
      if (!image.manifest().traits().equals(traits)) {
        throw new IOException(directory + " was made for other settings");
      }
      if (isTooOld(image)) {
        throw new IOException(directory + " is older than " + settings.maximumAge());
      }
      image.verify();
      touch(directory);
      return Optional.of(image);
    } catch (NoSuchFileException e) {
      log.debug("template {} has just gone", id, e);
    } catch (FileSystemException e) {
      // It may well be whole, and belongs to whoever can read it.
      log.warn("template {} is not used, because it cannot be read: {}", id, e.toString());
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      log.warn("template {} is removed, because it cannot be used: {}", id, e.getMessage());
    }
    remove(id);
    return Optional.empty();
  }

  private boolean isTooOld(StoredImage image) throws IOException {
    return Instant.ofEpochMilli(image.manifest().number("created"))
        .plus(settings.maximumAge())
        .isBefore(Instant.now());
  }

  private static void touch(Path directory) {
    try {
      Files.setLastModifiedTime(directory.resolve(USED), FileTime.from(Instant.now()));
    } catch (IOException e) {
      log.debug("cannot note the use of {}", directory, e);
    }
  }

  /** A template under construction. Closing it without {@link #publish} removes it. */
  public final class Draft implements AutoCloseable {
    private final String id;
    private final Path directory;
    private final HeldFile lock;
    private boolean published;

    private Draft(String id, Path directory, HeldFile lock) {
      this.id = id;
      this.directory = directory;
      this.lock = lock;
    }

    /**
     * Where to put the image's files.
     *
     * @return a directory of its own
     */
    public Path directory() {
      return directory;
    }

    /**
     * Makes it visible to all, in place of one there is, and keeps within the limits.
     *
     * @return the template
     * @throws IOException if it cannot be moved
     */
    public StoredImage publish() throws IOException {
      Files.createFile(directory.resolve(USED));
      Path place = root.resolve(id);
      Path old = root.resolve(DRAFT + OLD + id);
      TreeRemoval.of(old);
      if (Files.exists(place)) {
        Files.move(place, old, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(directory, place, StandardCopyOption.ATOMIC_MOVE);
      published = true;
      Files.deleteIfExists(failureFile(id));
      TreeRemoval.of(old);
      // Moving has changed the directory, not the files in it.
      StoredImage image = StoredImage.open(place, FORMAT);
      evict(id);
      return image;
    }

    @Override
    public void close() {
      try {
        if (!published) {
          TreeRemoval.of(directory);
        }
      } catch (IOException e) {
        log.warn("cannot remove {}: {}", directory, e.toString());
      } finally {
        try {
          lock.close();
        } catch (IOException e) {
          log.debug("cannot close the lock of {}", id, e);
        }
      }
    }
  }

  /**
   * Begins to build, unless somebody else does.
   *
   * @param traits everything it depends on
   * @return the draft, to be closed; empty while another thread or process builds the same
   * @throws IOException if the shelf cannot be written
   */
  public Optional<Draft> begin(List<String> traits) throws IOException {
    makeRoot();
    String id = idOf(traits);
    Optional<HeldFile> lock = HeldFile.tryAlone(lockFile(id));
    if (lock.isEmpty()) {
      return Optional.empty();
    }
    boolean begun = false;
    try {
      Path directory = root.resolve(DRAFT + id);
      // Who holds the lock is the only builder: what is there is of one that was killed.
      TreeRemoval.of(directory);
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
      begun = true;
      return Optional.of(new Draft(id, directory, lock.get()));
    } finally {
      if (!begun) {
        lock.get().close();
      }
    }
  }

  private Path failureFile(String id) {
    return root.resolve(id + FAILED);
  }

  /**
   * Notes that a template could not be built, for whoever wonders that there is none.
   *
   * @param traits everything it depends on
   * @param why what went wrong
   */
  public void noteFailure(List<String> traits, String why) {
    String line = why.replaceAll("\\s+", " ");
    String cut = line.length() > FAILURE_LENGTH ? line.substring(0, FAILURE_LENGTH) + "..." : line;
    try {
      Files.writeString(
          failureFile(idOf(traits)), Instant.now().truncatedTo(ChronoUnit.SECONDS) + ": " + cut);
    } catch (IOException e) {
      log.debug("cannot note that template {} was not built", idOf(traits), e);
    }
  }

  /**
   * Why a template could not be built when that was last tried.
   *
   * @param traits everything it depends on
   * @return the instant and what went wrong; empty when nobody tried, or it is too long ago
   */
  public Optional<String> failure(List<String> traits) {
    Path file = failureFile(idOf(traits));
    try {
      Instant noted = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
      boolean usable =
          Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
              && Files.size(file) <= 8L * FAILURE_LENGTH
              && noted.plus(settings.maximumAge()).isAfter(Instant.now());
      return usable ? Optional.of(Files.readString(file)) : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      log.debug("{} cannot be read", file, e);
      return Optional.empty();
    }
  }

  private Path lockFile(String id) {
    return root.resolve(id + LOCK).toAbsolutePath();
  }

  /** In a directory like /dev/shm others could have been first: it must be ours alone. */
  private void makeRoot() throws IOException {
    TrustedDirectory.own("templates", root, "rwx--x--x");
    // An unprivileged hypervisor must pass through.
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
  }

  private boolean isUntrusted() {
    Optional<String> obstacle = TrustedDirectory.obstacleToOwn(root);
    obstacle.ifPresent(why -> log.warn("the templates in {} are not used: {}", root, why));
    return obstacle.isPresent();
  }

  /**
   * All templates that have a manifest, the newest first.
   *
   * @return the templates, not verified
   */
  public List<StoredImage> list() {
    List<StoredImage> found = new ArrayList<>();
    if (!Files.isDirectory(root) || isUntrusted()) {
      return found;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(root)) {
      for (Path directory : all) {
        String name = directory.getFileName().toString();
        if (!name.startsWith(".") && Files.isDirectory(directory)) {
          try {
            found.add(StoredImage.open(directory, FORMAT));
          } catch (IOException e) {
            log.debug("{} is no template", directory, e);
          }
        }
      }
    } catch (IOException e) {
      log.warn("cannot list {}: {}", root, e.toString());
    }
    found.sort(Comparator.comparing(TemplateShelf::lastUsed).reversed());
    return found;
  }

  /**
   * When a template was last used.
   *
   * @param image the template
   * @return that instant; its making counts as use
   */
  public static Instant lastUsed(StoredImage image) {
    try {
      return Files.getLastModifiedTime(image.directory().resolve(USED)).toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  /**
   * Removes a template. Machines made of it keep what they have.
   *
   * @param id its id
   * @return whether there was one
   */
  public boolean remove(String id) {
    Path directory = root.resolve(id);
    if (!Files.isDirectory(directory) || isUntrusted()) {
      return false;
    }
    try {
      TreeRemoval.of(directory);
      return true;
    } catch (IOException e) {
      log.warn("cannot remove template {}: {}", directory, e.toString());
      return false;
    }
  }

  /** Removes the longest unused until what is left is within the limits, and the outdated. */
  private void evict(String kept) throws IOException {
    long bytes = 0;
    int count = 0;
    for (StoredImage image : list()) {
      String id = image.directory().getFileName().toString();
      bytes += image.bytes();
      count++;
      boolean tooMuch = bytes > settings.maximumSize().bytes() || count > settings.maximumCount();
      if (!id.equals(kept) && (tooMuch || isTooOld(image))) {
        log.info("template {} makes room", id);
        remove(id);
      }
    }
    removeOldFailures();
    removeAbandoned();
  }

  private void removeOldFailures() throws IOException {
    Instant oldest = Instant.now().minus(settings.maximumAge());
    try (DirectoryStream<Path> all = Files.newDirectoryStream(root, "*" + FAILED)) {
      for (Path file : all) {
        if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
            .toInstant()
            .isBefore(oldest)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /** Drafts whose builder was killed: their lock can be had. */
  public void removeAbandoned() {
    if (!Files.isDirectory(root) || isUntrusted()) {
      return;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(root, DRAFT + "*")) {
      for (Path directory : all) {
        String id = directory.getFileName().toString().substring(DRAFT.length());
        if (id.startsWith(OLD)) {
          id = id.substring(OLD.length());
        }
        removeUnlessBuilding(directory, lockFile(id));
      }
    } catch (IOException e) {
      log.warn("cannot remove abandoned drafts from {}: {}", root, e.toString());
    }
  }

  @SuppressWarnings("try")
  private static void removeUnlessBuilding(Path directory, Path lockFile) throws IOException {
    Optional<HeldFile> lock = HeldFile.tryAlone(lockFile);
    if (lock.isPresent()) {
      try (HeldFile held = lock.get()) {
        TreeRemoval.of(directory);
      }
    }
  }
}
