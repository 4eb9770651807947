package io.katajava.internal.template;

import io.katajava.spi.VmImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An image in a directory of its own: {@code manifest}, {@code state}, and {@code memory} unless
 * that is in the state.
 *
 * @param directory where it is
 * @param manifest what is written about it
 */
public record StoredImage(Path directory, ImageManifest manifest) {
  /** The devices' state. */
  public static final String STATE = "state";

  private static final Logger log = LoggerFactory.getLogger(StoredImage.class);

  /** The guest's memory. */
  public static final String MEMORY = "memory";

  /** Prefix of the hypervisor's own keys in the manifest. */
  private static final String HARDWARE = "hardware.";

  /** Remembers that the whole image was read and found good, and which files that were. */
  private static final String VERIFIED = "verified";

  /**
   * Writes the manifest of an image whose files are there.
   *
   * @param directory the image's directory
   * @param format the manifest's first line
   * @param hardware the hypervisor's own words
   * @param values further values
   * @param traits what it depends on
   * @return the image
   * @throws IOException if a file cannot be read or the manifest not be written
   */
  public static StoredImage seal(
      Path directory,
      String format,
      Map<String, String> hardware,
      Map<String, String> values,
      List<String> traits)
      throws IOException {
    Map<String, String> all = new LinkedHashMap<>(values);
    hardware.forEach((key, value) -> all.put(HARDWARE + key, value));
    all.put("state.crc32c", Long.toHexString(ImageDigest.crc32c(directory.resolve(STATE))));
    describe(directory, STATE, all);
    if (Files.exists(directory.resolve(MEMORY))) {
      describe(directory, MEMORY, all);
    }
    ImageManifest manifest = new ImageManifest(format, all, traits);
    manifest.write(directory);
    StoredImage image = new StoredImage(directory, manifest);
    image.remember();
    return image;
  }

  private static void describe(Path directory, String name, Map<String, String> values)
      throws IOException {
    ImageDigest digest = ImageDigest.of(directory.resolve(name));
    values.put(name + ".sha256", digest.sha256());
    values.put(name + ".size", String.valueOf(digest.size()));
    values.put(name + ".used", String.valueOf(digest.used()));
  }

  /**
   * Reads an image's manifest.
   *
   * @param directory the image's directory
   * @param format the manifest's first line
   * @return the image, not verified yet
   * @throws IOException if there is none
   */
  public static StoredImage open(Path directory, String format) throws IOException {
    return new StoredImage(directory, ImageManifest.read(directory, format));
  }

  /**
   * For the hypervisor.
   *
   * @return the image
   */
  public VmImage image() {
    return new VmImage(
        directory.resolve(STATE),
        hasMemory() ? Optional.of(directory.resolve(MEMORY)) : Optional.empty(),
        manifest.below(HARDWARE));
  }

  private boolean hasMemory() {
    return manifest.value(MEMORY + ".sha256").isPresent();
  }

  /**
   * What it takes on disk or in memory, holes not counted.
   *
   * @return bytes
   * @throws IOException if the manifest does not say
   */
  public long bytes() throws IOException {
    return manifest.number("state.used") + (hasMemory() ? manifest.number("memory.used") : 0);
  }

  /**
   * Makes sure that nobody else could have changed it and that it is whole: the state by its
   * checksum, the memory by its metadata if exactly these files were read whole before, else by
   * their digests.
   *
   * @throws IOException if it is not to be used; the message says why
   */
  public void verify() throws IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(directory);
    if (mode.contains(PosixFilePermission.OTHERS_WRITE)
        || mode.contains(PosixFilePermission.GROUP_WRITE)) {
      throw new IOException("others may write to " + directory);
    }
    Object owner = Files.getAttribute(directory, "unix:uid");
    if (!owner.equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
      throw new IOException(directory + " belongs to user " + owner);
    }
    for (String name : hasMemory() ? List.of(STATE, MEMORY) : List.of(STATE)) {
      requireUnwritable(directory.resolve(name), owner);
    }
    String crc = Long.toHexString(ImageDigest.crc32c(directory.resolve(STATE)));
    if (!crc.equals(manifest.require("state.crc32c"))) {
      throw new IOException(directory.resolve(STATE) + " is damaged");
    }
    if (!isRemembered()) {
      verifyWhole();
      rememberIfPossible();
    }
  }

  /** Where that cannot be written, all of it is read again the next time. */
  private void rememberIfPossible() {
    try {
      remember();
    } catch (IOException e) {
      log.debug("{} is verified, but that is not noted: {}", directory, e.toString());
    }
  }

  /** A write through a mapping changes no time of a file, so nobody else may ever open it so. */
  private static void requireUnwritable(Path file, Object owner) throws IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
    if (mode.contains(PosixFilePermission.OTHERS_WRITE)
        || mode.contains(PosixFilePermission.GROUP_WRITE)
        || !owner.equals(Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
      throw new IOException("others may write to " + file);
    }
  }

  /**
   * Reads all of it.
   *
   * @throws IOException if it is damaged
   */
  public void verifyWhole() throws IOException {
    compare(STATE);
    if (hasMemory()) {
      compare(MEMORY);
    }
  }

  private void compare(String name) throws IOException {
    ImageDigest digest = ImageDigest.of(directory.resolve(name));
    if (!digest.sha256().equals(manifest.require(name + ".sha256"))) {
      throw new IOException(directory.resolve(name) + " is damaged");
    }
  }

  /** What changes when a file is written to or replaced: the kernel sets these times, not users. */
  private String stamp() throws IOException {
    StringBuilder stamp = new StringBuilder(bootId());
    for (String name : hasMemory() ? List.of(STATE, MEMORY) : List.of(STATE)) {
      Path file = directory.resolve(name);
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      stamp
          .append('\n')
          .append(name)
          .append(' ')
          .append(attributes.size())
          .append(' ')
          .append(attributes.fileKey())
          .append(' ')
          .append(attributes.lastModifiedTime())
          .append(' ')
          .append(Files.getAttribute(file, "unix:ctime"));
    }
    return stamp.toString();
  }

  private static String bootId() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
  }

  private boolean isRemembered() {
    try {
      return Files.readString(directory.resolve(VERIFIED)).equals(stamp());
    } catch (IOException e) {
      return false;
    }
  }

  /** Notes the files as they are now, which were just read or written by us. */
  public void remember() throws IOException {
    // Half of it is as good as none: then the image is read once more.
    Files.writeString(directory.resolve(VERIFIED), stamp());
  }
}
