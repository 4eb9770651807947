package io.katajava.guest.internal;

import io.katajava.guest.StoredGuest;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/** The manifests of {@link GuestCache}, read without touching them. */
public final class GuestShelf {
  private static final String SUFFIX = ".properties";

  private final Path manifests;

  /**
   * Looks at nothing yet.
   *
   * @param cacheDirectory the cache directory
   */
  public GuestShelf(Path cacheDirectory) {
    this.manifests = CacheDirectory.at(cacheDirectory).path("manifests");
  }

  /**
   * The guests, the one used last first; damaged manifests are left out.
   *
   * @return the guests
   * @throws IOException when they cannot be read
   */
  public List<StoredGuest> list() throws IOException {
    if (!Files.isDirectory(manifests)) {
      return List.of();
    }
    TrustedDirectory.require("cache", manifests);
    List<StoredGuest> guests = new ArrayList<>();
    try (Stream<Path> files = Files.list(manifests)) {
      for (Path file : files.filter(path -> path.toString().endsWith(SUFFIX)).toList()) {
        Properties values = read(file);
        if (values.containsKey("kernel") && values.containsKey("initrd")) {
          String name = file.getFileName().toString();
          guests.add(
              new StoredGuest(
                  name.substring(0, name.length() - SUFFIX.length()),
                  Path.of(values.getProperty("kernel")),
                  Path.of(values.getProperty("initrd")),
                  Files.getLastModifiedTime(file).toInstant(),
                  GuestCache.choices(values)));
        }
      }
    }
    guests.sort(Comparator.comparing(StoredGuest::lastUsed).reversed());
    return List.copyOf(guests);
  }

  /**
   * What is wrong with a guest's files.
   *
   * @param id its fingerprint
   * @return one clause for each file that is not as it was made
   * @throws IOException when the manifest cannot be read
   */
  public List<String> damage(String id) throws IOException {
    Properties values = read(manifests.resolve(id + SUFFIX));
    List<String> problems = new ArrayList<>();
    for (String what : List.of("kernel", "initrd")) {
      String name = values.getProperty(what, "");
      String wanted = values.getProperty(what + ".sha256", "");
      if (name.isEmpty() || wanted.isEmpty()) {
        problems.add("its manifest names no " + what);
        continue;
      }
      try {
        String found = Digests.of(Path.of(name));
        if (!found.equals(wanted)) {
          problems.add(what + " " + name + " has SHA-256 " + found + ", not " + wanted);
        }
      } catch (NoSuchFileException e) {
        problems.add(what + " " + name + " is missing");
      } catch (IOException e) {
        problems.add(what + " " + name + " cannot be read: " + e.getMessage());
      }
    }
    return problems;
  }

  private static Properties read(Path manifest) throws IOException {
    Properties values = new Properties();
    try {
      values.load(new StringReader(Files.readString(manifest)));
    } catch (NoSuchFileException | IllegalArgumentException e) {
      // Evicted while we looked, or damaged: then it has no values.
      return new Properties();
    }
    return values;
  }
}
