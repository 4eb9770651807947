package io.katajava.cli;

import io.katajava.MemorySize;
import io.katajava.Volume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What {@code -v} says: a directory of the host, by a path, or a disk, by a name without a slash.
 *
 * @param guest where it is in the container
 * @param volume what is there
 */
record VolumeOption(String guest, Volume volume) {
  private static final String FORM = "SOURCE:GUEST[:ro|rw|size=SIZE|uid=UID|gid=GID]";

  /** What may follow a directory's place; the help of -v has them all. */
  static final List<String> DIRECTORY_WORDS = List.of("ro", "rw");

  /** What may follow a disk's place; the help of -v has them all. */
  static final List<String> DISK_WORDS = List.of("ro", "rw", "size=", "uid=", "gid=");

  static VolumeOption parse(String text) {
    List<String> parts = Arrays.asList(text.split(":", -1));
    // A path of the host may have colons: the container's begins with the last one before a slash.
    int guest = parts.size() - 1;
    while (guest > 0 && !parts.get(guest).startsWith("/")) {
      guest--;
    }
    String source = String.join(":", parts.subList(0, guest));
    if (guest == 0 || source.isEmpty() || parts.get(guest).length() < 2) {
      throw new IllegalArgumentException("-v takes " + FORM + ", got '" + text + "'");
    }
    List<String> options = parts.subList(guest + 1, parts.size());
    requireOnce(options, text);
    return new VolumeOption(
        parts.get(guest),
        source.contains("/") || source.equals(".") || source.equals("..")
            ? directory(source, options, text)
            : disk(source, options, text));
  }

  /** One that says something twice, or its opposite, would be taken at its last word. */
  private static void requireOnce(List<String> options, String text) {
    Set<String> said = new HashSet<>();
    for (String option : options) {
      int equals = option.indexOf('=');
      String about =
          option.equals("ro") || option.equals("rw")
              ? "ro and rw"
              : equals < 0 ? option : option.substring(0, equals);
      if (!said.add(about)) {
        throw new IllegalArgumentException("-v: " + about + " is given twice in '" + text + "'");
      }
    }
  }

  private static Volume directory(String source, List<String> options, String text) {
    Volume.HostDirectory volume = Volume.hostDirectory(Path.of(source));
    if (!Files.isDirectory(volume.directory())) {
      throw new IllegalArgumentException("-v: " + source + " is not a directory");
    }
    for (String option : options) {
      volume =
          switch (option) {
            case "rw" -> volume.writable();
            case "ro" -> Volume.hostDirectory(Path.of(source));
            default ->
                throw new IllegalArgumentException(
                    "-v: a directory is :ro or :rw, got '" + text + "'");
          };
    }
    return volume;
  }

  private static Volume disk(String name, List<String> options, String text) {
    Volume.NamedDisk disk = Volume.disk(name);
    boolean readOnly = false;
    OptionalInt uid = OptionalInt.empty();
    OptionalInt gid = OptionalInt.empty();
    for (String option : options) {
      if (option.startsWith("size=")) {
        disk = Volume.disk(name, MemorySize.parse(option.substring("size=".length())));
      } else if (option.matches("uid=\\d{1,9}")) {
        uid = OptionalInt.of(Integer.parseInt(option.substring("uid=".length())));
      } else if (option.matches("gid=\\d{1,9}")) {
        gid = OptionalInt.of(Integer.parseInt(option.substring("gid=".length())));
      } else if (option.equals("ro") || option.equals("rw")) {
        readOnly = option.equals("ro");
      } else {
        throw new IllegalArgumentException(
            "-v: a disk is :ro, :rw, :size=SIZE, :uid=UID or :gid=GID, got '" + text + "'");
      }
    }
    if (uid.isPresent() || gid.isPresent()) {
      disk = disk.ownedBy(uid.orElse(0), gid.orElse(uid.orElse(0)));
    }
    return readOnly ? disk.readOnly() : disk;
  }
}
