package io.katajava.guest.internal;

import io.katajava.Choice;
import io.katajava.base.files.TreeRemoval;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finished guests by the fingerprint of their inputs, and what of the cache is still needed.
 *
 * <p>Files are checked by size and time against a note beside them, or in full on request.
 */
final class GuestCache {
  private static final Logger log = LoggerFactory.getLogger(GuestCache.class);

  /** Guests kept however long ago they were used. */
  static final int KEPT = 3;

  /** Anything used within this time is kept: another process may be about to boot it. */
  static final Duration GRACE = Duration.ofDays(1);

  private static final String MODULES = "modules.";

  private final CacheDirectory cache;

  GuestCache(CacheDirectory cache) {
    this.cache = cache;
  }

  /**
   * A finished guest.
   *
   * @param kernel what to boot
   * @param kernelSha256 its digest
   * @param initrd its initrd
   * @param initrdSha256 its digest
   * @param modules files of modules that are not in the initrd, by what they bring
   * @param choices what was chosen and why
   */
  record Guest(
      Path kernel,
      String kernelSha256,
      Path initrd,
      String initrdSha256,
      Map<String, List<Path>> modules,
      List<Choice> choices) {}

  /** The guest for a fingerprint, when all its files are as they were made. */
  Optional<Guest> find(String fingerprint, boolean inFull) throws IOException {
    Path manifest = manifest(fingerprint);
    Properties values = new Properties();
    try {
      values.load(new StringReader(Files.readString(manifest)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      log.warn("Cached guest {} is damaged: {}", manifest, e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      log.warn("Cached guest {} cannot be read: {}", manifest, e.toString());
      return Optional.empty();
    }
    String kernel = values.getProperty("kernel", "");
    String initrd = values.getProperty("initrd", "");
    String kernelSha256 = values.getProperty("kernel.sha256", "");
    String initrdSha256 = values.getProperty("initrd.sha256", "");
    if (kernel.isEmpty() || initrd.isEmpty()) {
      log.warn("Cached guest {} is damaged: it is incomplete", manifest);
      return Optional.empty();
    }
    boolean whole =
        intact(Path.of(kernel), values.getProperty("kernel.stamp", ""), kernelSha256, inFull)
            && intact(
                Path.of(initrd), values.getProperty("initrd.stamp", ""), initrdSha256, inFull);
    Map<String, List<Path>> modules = modules(values);
    for (Path file : modules.values().stream().flatMap(List::stream).toList()) {
      // Its name is its digest.
      whole &= Files.isReadable(file) && (!inFull || ModuleFiles.isWhole(file));
    }
    if (!whole) {
      return Optional.empty();
    }
    markAsUsed(manifest);
    return Optional.of(
        new Guest(
            Path.of(kernel),
            kernelSha256,
            Path.of(initrd),
            initrdSha256,
            modules,
            choices(values)));
  }

  /** For evict(), which does not run where this fails: in a cache that is only read. */
  private static void markAsUsed(Path manifest) {
    try {
      Files.setLastModifiedTime(manifest, FileTime.fromMillis(System.currentTimeMillis()));
    } catch (IOException e) {
      log.debug("{} is not marked as used: {}", manifest, e.toString());
    }
  }

  void store(String fingerprint, Guest guest) throws IOException {
    Properties values = new Properties();
    values.setProperty("kernel", guest.kernel().toString());
    values.setProperty("kernel.sha256", guest.kernelSha256());
    values.setProperty("kernel.stamp", Digests.stamp(guest.kernel()));
    values.setProperty("initrd", guest.initrd().toString());
    values.setProperty("initrd.sha256", guest.initrdSha256());
    values.setProperty("initrd.stamp", Digests.stamp(guest.initrd()));
    guest
        .modules()
        .forEach(
            (name, files) ->
                values.setProperty(
                    MODULES + name,
                    files.stream().map(Path::toString).collect(Collectors.joining("\n"))));
    for (int i = 0; i < guest.choices().size(); i++) {
      Choice choice = guest.choices().get(i);
      values.setProperty("choice." + i + ".what", choice.what());
      values.setProperty("choice." + i + ".chosen", choice.chosen());
      values.setProperty("choice." + i + ".why", choice.why());
    }
    StringWriter text = new StringWriter();
    values.store(text, null);
    cache.writeText(manifest(fingerprint), text.toString());
  }

  /**
   * Removes initrds, kernels, packages and unfinished work that no kept guest needs. Call it with
   * the build lock held. What cannot be removed stays, and is no reason not to boot what was built.
   */
  void evict() {
    try {
      removeOld();
    } catch (IOException e) {
      log.warn("Old guests could not be removed from the cache: {}", e.toString());
    }
  }

  private void removeOld() throws IOException {
    Instant graceEnd = Instant.now().minus(GRACE);
    Set<Path> needed = new HashSet<>();
    List<Path> manifests = list(cache.path("manifests"));
    manifests.sort(Comparator.comparing(GuestCache::lastUse).reversed());
    for (int i = 0; i < manifests.size(); i++) {
      if (i >= KEPT && lastUse(manifests.get(i)).isBefore(graceEnd)) {
        Files.deleteIfExists(manifests.get(i));
      } else {
        Properties values = new Properties();
        values.load(new StringReader(Files.readString(manifests.get(i))));
        needed.add(Path.of(values.getProperty("kernel", "")));
        needed.add(Path.of(values.getProperty("initrd", "")));
        modules(values).values().forEach(needed::addAll);
      }
    }
    for (String kind : List.of("initrd", "vmlinux", "modules", "tmp")) {
      for (Path file : list(cache.path(kind))) {
        if (!needed.contains(file) && lastUse(file).isBefore(graceEnd)) {
          TreeRemoval.of(file);
        }
      }
    }
    evictUnpointed("debian", needed, graceEnd);
    evictUnpointed("kernels", needed, graceEnd);
  }

  /**
   * A package or a kernel that was built stays while a {@code .current} file points at it or a kept
   * guest boots a kernel out of it.
   */
  private void evictUnpointed(String kind, Set<Path> needed, Instant graceEnd) throws IOException {
    List<Path> all = list(cache.path(kind));
    Set<String> current = new HashSet<>();
    for (Path entry : all) {
      if (entry.toString().endsWith(".current")) {
        Files.readAllLines(entry).stream().findFirst().ifPresent(current::add);
      }
    }
    for (Path entry : all) {
      boolean used = needed.stream().anyMatch(file -> file.startsWith(entry));
      if (Files.isDirectory(entry)
          && !used
          && !current.contains(entry.getFileName().toString())
          && lastUse(entry).isBefore(graceEnd)) {
        TreeRemoval.of(entry);
      }
    }
  }

  private static boolean intact(Path file, String stamp, String sha256, boolean inFull) {
    String found;
    try {
      found = Digests.stamp(file);
      if (found.equals(stamp)) {
        if (!inFull) {
          return true;
        }
        found = "SHA-256 " + Digests.of(file);
        if (found.equals("SHA-256 " + sha256)) {
          return true;
        }
      }
    } catch (NoSuchFileException e) {
      found = "it is missing";
    } catch (IOException e) {
      log.warn("Cached {} cannot be read: {}", file, e.toString());
      return false;
    }
    log.warn("Cached {} was changed after it was made: {}", file, found);
    return false;
  }

  private Path manifest(String fingerprint) {
    return cache.path("manifests").resolve(fingerprint + ".properties");
  }

  private static Map<String, List<Path>> modules(Properties values) {
    Map<String, List<Path>> modules = new TreeMap<>();
    for (String key : values.stringPropertyNames()) {
      if (key.startsWith(MODULES)) {
        modules.put(
            key.substring(MODULES.length()),
            values.getProperty(key).lines().map(Path::of).toList());
      }
    }
    return modules;
  }

  static List<Choice> choices(Properties values) {
    List<Choice> choices = new ArrayList<>();
    for (int i = 0; values.containsKey("choice." + i + ".what"); i++) {
      choices.add(
          new Choice(
              values.getProperty("choice." + i + ".what", ""),
              values.getProperty("choice." + i + ".chosen", ""),
              values.getProperty("choice." + i + ".why", "")));
    }
    return choices;
  }

  private static Instant lastUse(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return new ArrayList<>();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return new ArrayList<>(entries.toList());
    }
  }
}
