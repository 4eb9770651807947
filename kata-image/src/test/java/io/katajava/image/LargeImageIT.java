package io.katajava.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Deadline;
import io.katajava.ProgressListener;
import io.katajava.image.internal.DiskImages.DiskImage;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import io.katajava.image.testing.RandomLayers;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images of many layers, many files, and many bytes, in a JVM of 256 MiB, as the build gives to
 * these tests, and looked at by the tools of squashfs.
 */
@Timeout(900)
class LargeImageIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int MANY = 100_000;
  private static final long LARGE = (2L << 30) + 1;
  private static final int PIECE = 1 << 20;

  @TempDir Path directory;
  private ImageStore store;

  @BeforeEach
  void open() {
    store = ImageStore.builder().directory(directory.resolve("store")).disks(1).build();
  }

  private Path disk(Path source) {
    Image image =
        store
            .importFrom(source, ImageReference.parse("example.org/large:1"), ProgressListener.NONE)
            .get(0);
    List<DiskImage> disks =
        store.images().prepare(image, Deadline.after(PATIENCE), ProgressListener.NONE);
    assertThat(disks).hasSize(1);
    return disks.get(0).file();
  }

  private List<String> unsquashfs(String... arguments) throws Exception {
    Path said = directory.resolve("said");
    List<String> command = new ArrayList<>(List.of("unsquashfs"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    List<String> lines = Files.readAllLines(said);
    assertThat(process.exitValue()).as("unsquashfs: " + lines).isZero();
    return lines;
  }

  /** As {@link RandomLayers#expected} has it. */
  private static List<String> lines(Path root) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    Map<Object, List<String>> names = new HashMap<>();
    try (Stream<Path> all = Files.walk(root.resolve("r")).sorted(Comparator.naturalOrder())) {
      for (Path path : all.toList()) {
        String name = root.relativize(path).toString();
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          contents.put(name, "");
        } else {
          contents.put(name, Files.readString(path));
          names
              .computeIfAbsent(Files.getAttribute(path, "unix:ino"), key -> new ArrayList<>())
              .add(name);
        }
      }
    }
    Map<String, List<String>> same = new HashMap<>();
    names.values().forEach(list -> list.forEach(name -> same.put(name, list)));
    List<String> lines = new ArrayList<>();
    contents.forEach(
        (name, content) ->
            lines.add(
                content.isEmpty()
                    ? name + " directory"
                    : name + " " + content + " " + same.getOrDefault(name, List.of())));
    return lines;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void thirtyLayers_thatHideAndLinkEachOther_becomeTheTreeTheyStandFor(long seed) throws Exception {
    RandomLayers random = new RandomLayers(seed, "r", 30);
    LayoutBuilder image = new LayoutBuilder();
    random.layers().forEach(image::layer);

    Path disk = disk(image.writeTo(directory.resolve("layout"), "example.org/large:1"));

    Path extracted = directory.resolve("extracted");
    unsquashfs("-q", "-n", "-d", extracted.toString(), disk.toString());
    assertThat(lines(extracted)).isEqualTo(random.expected());
  }

  @Test
  void aHundredThousandFiles_areAllThere() throws Exception {
    Path archive = directory.resolve("many.tar.gz");
    try (OutputStream out = gzip(archive)) {
      LayerBuilder layer = new LayerBuilder(out);
      for (int i = 0; i < MANY; i++) {
        if (i % 1000 == 0) {
          layer.directory(name(i));
        }
        String path = name(i) + "/a-name-of-usual-length-" + i;
        if (i % 10 == 9) {
          layer.hardLink(path, name(i) + "/a-name-of-usual-length-" + (i - 1));
        } else {
          layer.file(path, String.valueOf(i));
        }
      }
    }

    Path disk = disk(archive);

    List<String> listing = unsquashfs("-ll", disk.toString());
    assertThat(listing.stream().filter(line -> line.startsWith("-")).count()).isEqualTo(MANY);
    assertThat(unsquashfs("-cat", disk.toString(), name(54_321) + "/a-name-of-usual-length-54321"))
        .containsExactly("54321");
    assertThat(unsquashfs("-cat", disk.toString(), name(99_999) + "/a-name-of-usual-length-99999"))
        .containsExactly("99998");
  }

  private static String name(int file) {
    return "directory-" + file / 1000;
  }

  @Test
  void fileOfMoreThan2GiB_isWhole() throws Exception {
    Path archive = directory.resolve("large.tar.gz");
    byte[] piece = new byte[PIECE];
    byte[] pattern = new byte[PIECE / 64];
    new Random(1).nextBytes(pattern);
    for (int i = 0; i < 64; i++) {
      System.arraycopy(pattern, 0, piece, i * pattern.length, pattern.length);
    }
    byte[] compressed = LayerBuilder.gzip(piece);
    try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(archive))) {
      ByteArrayOutputStream header = new ByteArrayOutputStream();
      new LayerBuilder(header).announced("large", '0', LARGE);
      file.write(LayerBuilder.gzip(header.toByteArray()));
      // Parts of a gzip file that follow each other are one.
      for (long i = 0; i < LARGE / PIECE; i++) {
        file.write(compressed);
      }
      ByteArrayOutputStream end = new ByteArrayOutputStream();
      end.writeBytes("!".getBytes(StandardCharsets.US_ASCII));
      end.writeBytes(new byte[511]);
      new LayerBuilder(end).file("after", "after");
      file.write(LayerBuilder.gzip(end.toByteArray()));
    }

    Path disk = disk(archive);

    assertThat(unsquashfs("-ll", disk.toString()))
        .anyMatch(line -> line.contains(" " + LARGE + " ") && line.endsWith("/large"));
    assertThat(unsquashfs("-cat", disk.toString(), "after")).containsExactly("after");
    assertThat(Files.size(disk)).isGreaterThan(LARGE);
  }

  private static OutputStream gzip(Path file) throws IOException {
    return new BufferedOutputStream(new GZIPOutputStream(Files.newOutputStream(file), 1 << 16));
  }
}
