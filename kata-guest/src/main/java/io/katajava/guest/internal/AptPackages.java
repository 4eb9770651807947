package io.katajava.guest.internal;

import io.katajava.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Debian packages in the cache: resolved and downloaded by apt as any user, checked against the
 * SHA-256 in apt's signed lists, unpacked, never installed.
 *
 * <p>A package once unpacked is used as it is; nothing asks apt again until the entry is removed.
 */
final class AptPackages {
  private static final Logger log = LoggerFactory.getLogger(AptPackages.class);
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9.+~:_-]+");
  private static final String LISTS_REMEDY = "Run 'apt-get update' as root, then try again";

  private final CacheDirectory cache;
  private final String searchPath;
  private final boolean refresh;
  private final Deadline deadline;

  AptPackages(CacheDirectory cache, String searchPath, boolean refresh, Deadline deadline) {
    this.cache = cache;
    this.searchPath = searchPath;
    this.refresh = refresh;
    this.deadline = deadline;
  }

  /**
   * A package that is unpacked in the cache.
   *
   * @param directory its root
   * @param name the package
   * @param version its version
   */
  record Unpacked(Path directory, String name, String version) {}

  /** What the cache holds for a name, without asking apt. */
  Optional<Unpacked> cached(String key) throws IOException {
    Path pointer = pointer(key);
    if (!Files.isRegularFile(pointer)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(pointer);
    if (lines.size() < 3 || !SAFE.matcher(lines.get(0)).matches()) {
      return Optional.empty();
    }
    Path directory = cache.path("debian").resolve(lines.get(0));
    return Files.isDirectory(directory)
        ? Optional.of(new Unpacked(directory, lines.get(1), lines.get(2)))
        : Optional.empty();
  }

  /**
   * The package a metapackage stands for, or the package itself, from the cache or downloaded.
   *
   * @param key the name asked for, under which the cache remembers the answer
   * @param versioned matches the dependency to follow; null to take {@code key} itself
   * @param wanted what of the package to unpack
   */
  Unpacked provide(String key, @Nullable Pattern versioned, Predicate<String> wanted)
      throws Unusable, IOException, InterruptedException {
    Optional<Unpacked> known = refresh ? Optional.empty() : cached(key);
    if (known.isPresent()) {
      return known.get();
    }
    CacheDirectory.Lock lock = cache.lock("debian", deadline);
    try {
      known = refresh ? Optional.empty() : cached(key);
      if (known.isPresent()) {
        return known.get();
      }
      Map<String, String> record = resolve(key, versioned);
      return download(key, record, wanted);
    } finally {
      lock.close();
    }
  }

  /** Forgets and removes what the cache holds for a name. */
  void discard(String key) throws IOException, InterruptedException {
    CacheDirectory.Lock lock = cache.lock("debian", deadline);
    try {
      Optional<Unpacked> known = cached(key);
      Files.deleteIfExists(pointer(key));
      if (known.isPresent()) {
        CacheDirectory.deleteTree(known.get().directory());
      }
    } finally {
      lock.close();
    }
  }

  private Map<String, String> resolve(String key, @Nullable Pattern versioned)
      throws Unusable, IOException, InterruptedException {
    Map<String, String> record = show(key);
    if (versioned == null) {
      return record;
    }
    Matcher dependency = versioned.matcher(record.getOrDefault("Depends", ""));
    if (!dependency.find()) {
      throw new Unusable("apt's " + key + " depends on no package of the kind " + versioned);
    }
    return show(dependency.group());
  }

  private Map<String, String> show(String name) throws Unusable, IOException, InterruptedException {
    String tool = tool("apt-cache");
    Command.Result shown =
        Command.run(cache.temporary(), deadline, List.of(tool, "show", "--no-all-versions", name));
    Map<String, String> record = parse(shown.output());
    if (shown.exit() != 0 || record.isEmpty()) {
      throw new Unusable("apt does not know the package " + name, LISTS_REMEDY);
    }
    for (String field : List.of("Package", "Version", "Architecture", "SHA256", "Size")) {
      if (!SAFE.matcher(record.getOrDefault(field, "")).matches()) {
        throw new Unusable("apt's record of " + name + " has no usable " + field, LISTS_REMEDY);
      }
    }
    return record;
  }

  private Unpacked download(String key, Map<String, String> record, Predicate<String> wanted)
      throws Unusable, IOException, InterruptedException {
    String name = record.getOrDefault("Package", "");
    String version = record.getOrDefault("Version", "");
    String sha256 = record.getOrDefault("SHA256", "");
    String directoryName =
        name
            + "_"
            + version.replace(':', '-')
            + "_"
            + record.get("Architecture")
            + "-"
            + sha256.substring(0, Math.min(12, sha256.length()));
    Path target = cache.path("debian").resolve(directoryName);
    if (!Files.isDirectory(target)) {
      log.info("Downloading {} {} ({} bytes) with apt-get", name, version, record.get("Size"));
      Path work = Files.createTempDirectory(cache.temporary(), "deb");
      try {
        Path deb = fetch(work, name, version);
        String actual = Digests.of(deb);
        if (!actual.equals(sha256)) {
          throw new Unusable(
              deb.getFileName() + " has SHA-256 " + actual + " but apt's lists say " + sha256,
              LISTS_REMEDY);
        }
        Path unpacked = Files.createDirectory(work.resolve("root"));
        DebArchive.unpack(deb, unpacked, wanted);
        cache.publish(unpacked, target);
      } finally {
        CacheDirectory.deleteTree(work);
      }
    }
    cache.writeText(pointer(key), directoryName + "\n" + name + "\n" + version + "\n");
    return new Unpacked(target, name, version);
  }

  private Path fetch(Path work, String name, String version)
      throws Unusable, IOException, InterruptedException {
    Command.Result fetched =
        Command.run(
            work, deadline, List.of(tool("apt-get"), "download", "--quiet", name + "=" + version));
    if (fetched.exit() != 0) {
      throw new Unusable(
          "'apt-get download " + name + "=" + version + "' failed: " + fetched.error(),
          LISTS_REMEDY);
    }
    try (Stream<Path> files = Files.list(work)) {
      return files
          .filter(file -> file.toString().endsWith(".deb"))
          .findFirst()
          .orElseThrow(() -> new Unusable("apt-get left no package file for " + name));
    }
  }

  private String tool(String name) throws Unusable {
    return Command.onPath(name, searchPath)
        .orElseThrow(() -> new Unusable(name + " is not on PATH: not a Debian host"))
        .toString();
  }

  private Path pointer(String key) {
    return cache.path("debian").resolve(key + ".current");
  }

  /** The first stanza of a control file; folded lines are left out. */
  private static Map<String, String> parse(String text) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String line : text.split("\n", -1)) {
      if (line.isBlank() && !fields.isEmpty()) {
        break;
      }
      int colon = line.indexOf(':');
      if (colon > 0 && !Character.isWhitespace(line.charAt(0))) {
        fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    return fields;
  }
}
