package io.katajava.sdk;

import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import io.katajava.TemplateSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Kills JVMs at random instants of all they do, and looks for what is left once another runtime has
 * been opened. Alone: {@code java -cp ... io.katajava.sdk.RandomKills COUNT SEED}.
 */
final class RandomKills {
  /** As long as a start may take. */
  private static final int LATEST_MILLIS = 9000;

  /** As long as what follows takes. */
  private static final int LATEST_WHEN_READY_MILLIS = 3000;

  /** Where one victim has all it has. */
  record Places(Path directory) {
    Path state() {
      return directory.resolve("s");
    }

    Path shared() {
      return directory.resolve("shared");
    }

    Path snapshots() {
      return directory.resolve("snapshots");
    }

    Path templates() {
      return directory.resolve("t");
    }

    Path cache() {
      return directory.resolve("c");
    }

    Path data() {
      return directory.resolve("d");
    }

    Kata.Builder builder() {
      return Kata.builder()
          .stateDirectory(state())
          .cacheDirectory(cache())
          .dataDirectory(data())
          .templates(TemplateSettings.defaults().in(templates()));
    }

    static Places make() throws IOException {
      Path directory = Files.createTempDirectory("kk");
      // An unprivileged QEMU passes through.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
      Places places = new Places(directory);
      Files.createDirectory(places.shared());
      Files.createDirectory(places.snapshots());
      return places;
    }

    /** What no kill may leave, once another runtime has looked. */
    List<String> strays() throws IOException {
      List<String> found = new ArrayList<>();
      new Leftovers(state()).processes().forEach(pid -> found.add("process " + pid));
      new Leftovers(state()).files().forEach(file -> found.add("state " + file));
      names(snapshots())
          .filter(name -> !name.startsWith("s"))
          .forEach(name -> found.add("snapshot " + name));
      names(templates())
          .filter(name -> !name.matches("[0-9a-f]{32}(\\.lock)?"))
          .forEach(name -> found.add("template " + name));
      names(cache().resolve("scratch")).forEach(name -> found.add("scratch " + name));
      names(data().resolve("disks"))
          .filter(name -> name.startsWith("."))
          .forEach(name -> found.add("disk " + name));
      names(Path.of("/run/virtiofsd"))
          .filter(name -> name.contains(directory.toString().replace('/', '.')))
          .forEach(name -> found.add("daemon's note " + name));
      return found;
    }

    private static Stream<String> names(Path directory) throws IOException {
      List<String> names = new ArrayList<>();
      if (Files.isDirectory(directory)) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
          all.forEach(one -> names.add(one.getFileName().toString()));
        }
      }
      return names.stream();
    }

    void remove() {
      try (Stream<Path> all = Files.walk(directory)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private final Random random;

  RandomKills(long seed) {
    this.random = new Random(seed);
  }

  /** Kills one, and tells what is left then: nothing. */
  List<String> once() throws IOException, InterruptedException {
    String way = Wanderer.WAYS.get(random.nextInt(Wanderer.WAYS.size()));
    boolean ready = random.nextBoolean() && Wanderer.LONG_WAYS.contains(way);
    int millis = random.nextInt(ready ? LATEST_WHEN_READY_MILLIS : LATEST_MILLIS);
    Places places = Places.make();
    List<String> found = new ArrayList<>();
    try {
      String said = kill(places, way, ready ? "ready" : "begins", millis);
      // The kernel's tie needs a moment; what is left then is the next runtime's to end.
      Leftovers.within(
          Duration.ofSeconds(2), () -> new Leftovers(places.state()).processes().isEmpty());
      places.builder().build().close();
      endDetached(places);
      String when = way + ", " + millis + " ms after it was " + (ready ? "ready" : "begun");
      places.strays().forEach(stray -> found.add(when + ": " + stray));
      if (!said.isEmpty()) {
        found.add(when + " it had ended by itself: " + said);
      }
      return found;
    } finally {
      places.remove();
    }
  }

  /** Empty unless it ended by itself. */
  private static String kill(Places places, String way, String word, int millis)
      throws IOException, InterruptedException {
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Wanderer.class.getName(),
                places.directory().toString(),
                way)
            .redirectErrorStream(true)
            .start();
    StringBuilder said = new StringBuilder();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      while (line != null && !line.equals(word)) {
        said.append(line).append('\n');
        line = out.readLine();
      }
      if (line != null && !jvm.waitFor(millis, TimeUnit.MILLISECONDS)) {
        return "";
      }
      out.lines().forEach(more -> said.append(more).append('\n'));
      return said.toString();
    } finally {
      jvm.destroyForcibly();
      if (!jvm.waitFor(20, TimeUnit.SECONDS)) {
        said.append("it does not die");
      }
    }
  }

  /** Those that were started whole go on, as they should. */
  private static void endDetached(Places places) {
    SandboxLedger ledger =
        SandboxLedger.open(new KataDirectories(places.state(), places.cache(), places.data()));
    for (SandboxRecord sandbox : ledger.sandboxes()) {
      if (sandbox.isAttachable()) {
        ledger.stop(sandbox, Duration.ZERO);
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[0]);
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : new Random().nextLong();
    RandomKills kills = new RandomKills(seed);
    int left = 0;
    for (int i = 1; i <= count; i++) {
      List<String> found = kills.once();
      if (!found.isEmpty()) {
        left++;
        System.out.println("kill " + i + " of seed " + seed + " left " + found);
      }
    }
    System.out.println(
        java.time.Instant.now()
            + ": "
            + count
            + " kills of seed "
            + seed
            + ", "
            + left
            + " left something");
  }
}
