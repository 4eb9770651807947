package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.base.files.HeldFile;
import io.katajava.base.files.TreeRemoval;
import io.katajava.base.host.ProgramSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Beside the fields of a record: the name with the architecture, where one was asked for. */
  private static final String ASKED = "asked";

  private static final int SUM_DIGITS = 12;
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
   * What of packages is wanted.
   *
   * @param what it is, for messages
   * @param followed names of dependencies to follow, however deep, and to unpack into one
   *     directory; null to unpack the package that was asked for itself
   * @param files tells by the path inside, for example {@code boot/vmlinuz-6.1}, what to unpack
   * @param complete whether a directory has everything: one that was unpacked by an older version
   *     may not
   */
  record Wanted(
      String what, @Nullable Pattern followed, Predicate<String> files, Predicate<Path> complete) {}

  /**
   * What the first of several packages that apt knows stands for, from the cache or downloaded.
   *
   * @param keys the names to ask for, the best first; the cache remembers the answer under them
   */
  Unpacked provide(List<String> keys, Wanted wanted)
      throws Unusable, IOException, InterruptedException {
    Optional<Unpacked> known = known(keys, wanted);
    if (known.isPresent()) {
      return known.get();
    }
    HeldFile lock = cache.lock("debian", deadline);
    try {
      known = known(keys, wanted);
      if (known.isPresent()) {
        return known.get();
      }
      String key = firstKnown(keys);
      return download(key, resolve(key, wanted.followed()), wanted);
    } finally {
      lock.close();
    }
  }

  private Optional<Unpacked> known(List<String> keys, Wanted wanted) throws IOException {
    if (refresh) {
      return Optional.empty();
    }
    for (String key : keys) {
      Optional<Unpacked> known =
          cached(key).filter(unpacked -> wanted.complete().test(unpacked.directory()));
      if (known.isPresent()) {
        return known;
      }
    }
    return Optional.empty();
  }

  /**
   * What is wrong with what the cache holds for a name.
   *
   * @return a clause; empty when it is as it was unpacked
   */
  Optional<String> damage(List<String> keys, Path unpacked) throws IOException {
    for (String key : keys) {
      Optional<Unpacked> known = cached(key);
      if (known.isPresent() && known.get().directory().equals(unpacked)) {
        return PackageSums.damage(unpacked);
      }
    }
    return Optional.empty();
  }

  /** Forgets and removes what the cache holds for names. */
  void discard(List<String> keys) throws IOException, InterruptedException {
    HeldFile lock = cache.lock("debian", deadline);
    try {
      for (String key : keys) {
        Optional<Unpacked> known = cached(key);
        Files.deleteIfExists(pointer(key));
        if (known.isPresent()) {
          TreeRemoval.of(known.get().directory());
        }
      }
    } finally {
      lock.close();
    }
  }

  private String firstKnown(List<String> keys) throws Unusable, IOException, InterruptedException {
    for (String key : keys) {
      if (!record(key).isEmpty()) {
        return key;
      }
    }
    throw new Unusable("apt does not know the package " + String.join(" or ", keys), LISTS_REMEDY);
  }

  /** The records of the packages to unpack, the one that names them all first. */
  private List<Map<String, String>> resolve(String key, @Nullable Pattern followed)
      throws Unusable, IOException, InterruptedException {
    if (followed == null) {
      return List.of(show(key));
    }
    String architecture = key.contains(":") ? key.substring(key.indexOf(':')) : "";
    Map<String, Map<String, String>> found = new LinkedHashMap<>();
    Deque<Map<String, String>> open = new ArrayDeque<>(List.of(show(key)));
    while (!open.isEmpty()) {
      Map<String, String> record = open.remove();
      for (List<String> alternatives : PackageRelations.of(record)) {
        List<String> wanted =
            alternatives.stream()
                .filter(name -> followed.matcher(name).matches())
                .map(name -> name + architecture)
                .toList();
        if (wanted.isEmpty() || wanted.stream().anyMatch(found::containsKey)) {
          continue;
        }
        String name = firstKnown(wanted);
        Map<String, String> next = show(name);
        found.put(name, next);
        open.add(next);
      }
    }
    if (found.isEmpty()) {
      throw new Unusable("apt's " + key + " does not depend on a package of the kind " + followed);
    }
    return List.copyOf(found.values());
  }

  /** What apt has to say of a package; empty when it does not know it. */
  private Map<String, String> record(String name)
      throws Unusable, IOException, InterruptedException {
    String tool = tool("apt-cache");
    Command.Result shown =
        Command.run(cache.temporary(), deadline, List.of(tool, "show", "--no-all-versions", name));
    Map<String, String> record = shown.exit() == 0 ? parse(shown.output()) : new LinkedHashMap<>();
    if (!record.isEmpty()) {
      record.put(ASKED, name);
    }
    return record;
  }

  private Map<String, String> show(String name) throws Unusable, IOException, InterruptedException {
    Map<String, String> record = record(name);
    if (record.isEmpty()) {
      throw new Unusable("apt does not know the package " + name, LISTS_REMEDY);
    }
    for (String field : List.of("Package", "Version", "Architecture", "SHA256", "Size")) {
      if (!SAFE.matcher(record.getOrDefault(field, "")).matches()) {
        throw new Unusable("apt's record of " + name + " has no usable " + field, LISTS_REMEDY);
      }
    }
    if (!SHA256.matcher(record.getOrDefault("SHA256", "")).matches()) {
      throw new Unusable("apt's record of " + name + " has no usable SHA256", LISTS_REMEDY);
    }
    return record;
  }

  private Unpacked download(String key, List<Map<String, String>> records, Wanted wanted)
      throws Unusable, IOException, InterruptedException {
    Map<String, String> first = records.get(0);
    String name = first.getOrDefault("Package", "");
    String version = first.getOrDefault("Version", "");
    String sums =
        records.stream()
            .map(record -> record.getOrDefault("SHA256", ""))
            .collect(Collectors.joining());
    String directoryName =
        name
            + "_"
            + version.replace(':', '-')
            + "_"
            + first.get("Architecture")
            + "-"
            + (records.size() == 1 ? sums : Digests.of(sums)).substring(0, SUM_DIGITS);
    Path target = cache.path("debian").resolve(directoryName);
    if (Files.isDirectory(target)
        && !(wanted.complete().test(target) && PackageSums.areRight(target))) {
      TreeRemoval.of(target);
    }
    if (!Files.isDirectory(target)) {
      Path work = Files.createTempDirectory(cache.temporary(), "deb");
      try {
        Path unpacked = Files.createDirectory(work.resolve("root"));
        for (Map<String, String> record : records) {
          unpack(record, work, unpacked, wanted.files());
        }
        if (!wanted.complete().test(unpacked)) {
          throw new Unusable(
              "there is no "
                  + wanted.what()
                  + " in the packages that apt has for "
                  + key
                  + ": "
                  + records.stream()
                      .map(record -> record.get("Package") + " " + record.get("Version"))
                      .collect(Collectors.joining(", ")));
        }
        PackageSums.write(unpacked);
        cache.publish(unpacked, target);
      } finally {
        TreeRemoval.of(work);
      }
    }
    cache.writeText(pointer(key), directoryName + "\n" + name + "\n" + version + "\n");
    return new Unpacked(target, name, version);
  }

  private void unpack(Map<String, String> record, Path work, Path unpacked, Predicate<String> files)
      throws Unusable, IOException, InterruptedException {
    String name = record.getOrDefault("Package", "");
    String version = record.getOrDefault("Version", "");
    log.info("Downloading {} {} ({} bytes) with apt-get", name, version, record.get("Size"));
    Path deb =
        fetch(Files.createTempDirectory(work, "fetch"), record.getOrDefault(ASKED, name), version);
    String actual = Digests.of(deb);
    String expected = record.getOrDefault("SHA256", "");
    if (!actual.equals(expected)) {
      throw new Unusable(
          deb.getFileName() + " has SHA-256 " + actual + " but apt's lists say " + expected,
          LISTS_REMEDY);
    }
    DebArchive.unpack(deb, unpacked, files);
    Files.delete(deb);
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
          .orElseThrow(() -> new Unusable("apt-get downloaded no package file for " + name));
    }
  }

  private String tool(String name) throws Unusable {
    return ProgramSearch.onPath(searchPath)
        .find(name)
        .orElseThrow(() -> new Unusable(name + " is not on PATH, so this is not a Debian host"))
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
