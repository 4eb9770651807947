package io.katajava.qemu.internal;

import io.katajava.KataDirectories;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers what binaries can do, in memory and in a small file for each, so that a start runs no
 * QEMU but its own. A binary of another size or time is asked again.
 */
final class CapabilityCache {
  private static final Logger log = LoggerFactory.getLogger(CapabilityCache.class);
  private static final Map<String, QemuCapabilities> KNOWN = new ConcurrentHashMap<>();

  private final Path directory;

  CapabilityCache(Path directory) {
    this.directory = directory;
  }

  static CapabilityCache standard() {
    return new CapabilityCache(KataDirectories.fromEnvironment().cache().resolve("qemu"));
  }

  /**
   * What a binary can do; asked of it the first time.
   *
   * @param limit the longest wait for an answer
   * @throws IOException if it cannot be run or does not answer
   */
  QemuCapabilities of(Path binary, Duration limit) throws IOException, InterruptedException {
    String stamp = stamp(binary);
    QemuCapabilities known = KNOWN.get(stamp);
    if (known == null) {
      known = read(stamp);
    }
    if (known == null) {
      known = QemuProbe.probe(binary, limit);
      write(stamp, known);
    }
    KNOWN.put(stamp, known);
    return known;
  }

  /** Has a binary asked again, since it is not what it was. */
  void forget(Path binary) {
    try {
      String stamp = stamp(binary);
      KNOWN.remove(stamp);
      Files.deleteIfExists(file(stamp));
    } catch (IOException e) {
      log.debug("cannot forget what {} can do", binary, e);
    }
  }

  private static String stamp(Path binary) throws IOException {
    return binary + ":" + Files.size(binary) + ":" + Files.getLastModifiedTime(binary).toMillis();
  }

  private Path file(String stamp) {
    return directory.resolve(Integer.toHexString(stamp.hashCode()) + ".properties");
  }

  private @Nullable QemuCapabilities read(String stamp) {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file(stamp))) {
      properties.load(in);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException | IllegalArgumentException e) {
      log.debug("{} is not readable", file(stamp), e);
      return null;
    }
    String version = properties.getProperty("version");
    String build = properties.getProperty("build");
    String machines = properties.getProperty("machines");
    Optional<StateTransport> transport = transport(properties.getProperty("state"));
    boolean whole = version != null && build != null && machines != null && transport.isPresent();
    if (!whole || !stamp.equals(properties.getProperty("binary"))) {
      return null;
    }
    return new QemuCapabilities(
        version,
        build,
        Boolean.parseBoolean(properties.getProperty("seccomp")),
        List.of(machines.split(" ", -1)),
        transport);
  }

  private static Optional<StateTransport> transport(@Nullable String name) {
    return Arrays.stream(StateTransport.values()).filter(t -> t.name().equals(name)).findFirst();
  }

  /** A cache that cannot be written costs time only. */
  private void write(String stamp, QemuCapabilities capabilities) {
    Properties properties = new Properties();
    properties.setProperty("binary", stamp);
    properties.setProperty("version", capabilities.version());
    properties.setProperty("build", capabilities.build());
    capabilities.transport().ifPresent(t -> properties.setProperty("state", t.name()));
    properties.setProperty("seccomp", Boolean.toString(capabilities.seccomp()));
    properties.setProperty("machines", String.join(" ", capabilities.machines()));
    try {
      Files.createDirectories(directory);
      Path draft = Files.createTempFile(directory, "new", ".tmp");
      try {
        try (Writer out = Files.newBufferedWriter(draft)) {
          properties.store(out, null);
        }
        Files.move(
            draft,
            file(stamp),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(draft);
      }
    } catch (IOException e) {
      log.debug("cannot remember what {} can do", stamp, e);
    }
  }
}
