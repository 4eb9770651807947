package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.Deadline;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.ProgressListener;
import io.katajava.Sandbox;
import io.katajava.bench.BenchImage.Layer;
import io.katajava.image.ImageRootfsProvider;
import io.katajava.image.ImageStore;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.RootfsRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What images cost: a layer made into a block image beside {@code tar -x} of it, and starts with an
 * image beside starts without, in pairs.
 */
final class ImageBench implements AutoCloseable {
  private static final int MOST_DISKS = 4;
  private static final MemorySize SMALL = MemorySize.mebibytes(4);
  private static final Duration LIMIT = Duration.ofMinutes(30);

  private final int pairs;
  private final MemorySize size;
  private final MemorySize memory;
  private final Path directory;
  private final ImageStore store;
  private final BenchImage images;

  ImageBench(int pairs, MemorySize size, MemorySize memory) throws IOException {
    this.pairs = pairs;
    this.size = size;
    this.memory = memory;
    this.directory = Files.createTempDirectory("kata-bench-");
    // QEMU runs as another user, to whom the block images are open.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    this.store = ImageStore.builder().directory(directory.resolve("store")).build();
    this.images = new BenchImage(directory);
  }

  BenchReport run(boolean starts) throws IOException, InterruptedException {
    BenchReport report = new BenchReport("images, " + pairs + " pairs");
    report.condition("layer", size + ", files of 1 KiB to 1 MiB");
    Layer layer = images.layer("large", size, true);
    report.add(unpacking(layer, false)).add(unpacking(layer, true));
    if (starts) {
      List<Layer> layers = new ArrayList<>();
      for (int i = 1; i <= MOST_DISKS; i++) {
        layers.add(images.layer("layer" + i, SMALL, i == 1));
        store.importFrom(images.layout(reference(i), layers, true), null, ProgressListener.NONE);
      }
      report.condition("guest memory", memory.toString());
      report.add(starts(BirthPolicy.COLD, List.of(1)).get(0));
      List<Comparison> cloned =
          starts(BirthPolicy.TEMPLATE_ON_DEMAND, List.of(1, 2, 3, MOST_DISKS));
      cloned.forEach(report::add);
      report.value("each further disk", further(cloned) + " ms, median of the rounds");
    }
    return report;
  }

  private static String reference(int layers) {
    return "bench.invalid/layers:" + layers;
  }

  private Comparison unpacking(Layer layer, boolean compressed)
      throws IOException, InterruptedException {
    String reference = "bench.invalid/unpack:" + (compressed ? "gzip" : "plain");
    store.importFrom(
        images.layout(reference, List.of(layer), compressed), null, ProgressListener.NONE);
    Comparison comparison =
        new Comparison(
            "to squashfs, " + (compressed ? "tar.gz" : "tar"),
            "MB/s of the plain archive",
            "tar -x");
    toSquashfs(reference);
    extract(layer, compressed);
    for (int i = 0; i < pairs; i++) {
      double ours = toSquashfs(reference);
      double floor = extract(layer, compressed);
      comparison.add(layer.bytes() / ours / 1e3, layer.bytes() / floor / 1e3);
    }
    return comparison;
  }

  /** Milliseconds from the layer to its block image: checked, written, and on the disk. */
  private double toSquashfs(String reference) throws IOException, InterruptedException {
    try (Stream<Path> made = Files.list(store.directory().resolve("disks"))) {
      for (Path file : made.toList()) {
        Files.delete(file);
      }
    }
    RootfsRequest request =
        new RootfsRequest(
            reference,
            "bench",
            "/run/bench",
            GuestAssets.of(Path.of("/none"), Path.of("/none"), "none"),
            directory,
            Deadline.after(LIMIT),
            ProgressListener.NONE);
    long begin = System.nanoTime();
    new ImageRootfsProvider(store).prepare(request);
    return (System.nanoTime() - begin) / 1e6;
  }

  private double extract(Layer layer, boolean compressed) throws IOException, InterruptedException {
    Path target = Files.createDirectory(directory.resolve("extracted"));
    Path archive = compressed ? layer.compressed() : layer.archive();
    long begin = System.nanoTime();
    BenchImage.run("tar", "-xf", archive.toString(), "-C", target.toString());
    double millis = (System.nanoTime() - begin) / 1e6;
    remove(target);
    return millis;
  }

  /** One comparison for each number of disks, all of them and their floor in each round. */
  private List<Comparison> starts(BirthPolicy birth, List<Integer> disks) throws IOException {
    String way = birth == BirthPolicy.COLD ? "cold" : "template";
    List<Comparison> all = new ArrayList<>();
    for (int count : disks) {
      all.add(
          new Comparison(
              way + ", image on " + count + (count == 1 ? " disk" : " disks"),
              "milliseconds",
              "without an image"));
      start(birth, reference(count));
    }
    start(birth, "busybox");
    for (int i = 0; i < pairs; i++) {
      double without = start(birth, "busybox");
      for (int j = 0; j < disks.size(); j++) {
        all.get(j).add(start(birth, reference(disks.get(j))), without);
      }
    }
    return all;
  }

  /** Milliseconds from {@code start()} to the output of {@code uname}. */
  private double start(BirthPolicy birth, String image) throws IOException {
    try (Kata kata = Kata.builder().rootfs(new ImageRootfsProvider(store)).build()) {
      Instant begin = Instant.now();
      try (Sandbox sandbox = kata.sandbox().birth(birth).memory(memory).image(image).start()) {
        sandbox.exec("uname").orThrow();
        TemplateGround.require(
            sandbox, birth == BirthPolicy.COLD ? Birth.Kind.COLD : Birth.Kind.TEMPLATE);
        StartBench.Start start = StartBench.Start.of(begin, sandbox.timeline());
        return Duration.between(begin, start.firstOutput()).toNanos() / 1e6;
      }
    }
  }

  private static String further(List<Comparison> cloned) {
    Samples added = new Samples();
    Comparison least = cloned.get(0);
    Comparison most = cloned.get(cloned.size() - 1);
    for (int i = 0; i < least.ours().count(); i++) {
      added.addMillis((most.ours().get(i) - least.ours().get(i)) / (MOST_DISKS - 1));
    }
    return String.format(Locale.ROOT, "%.1f", added.median());
  }

  private static void remove(Path tree) throws IOException, InterruptedException {
    BenchImage.run("rm", "-rf", tree.toString());
  }

  @Override
  public void close() throws IOException {
    try {
      remove(directory);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
