package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.base.files.HeldFile;
import io.katajava.image.Garbage;
import io.katajava.image.Image;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes from a store what no name needs, and keeps it within its quota. */
@SuppressWarnings("try") // Locks are held, not used.
final class StoreCleaner {
  private static final Logger log = LoggerFactory.getLogger(StoreCleaner.class);

  private static final ImageReference ANY = ImageReference.parse("any");

  /** Who just asked for a block image may be about to plug it. */
  private static final Duration IN_USE = Duration.ofMinutes(10);

  private final StoreDirectory store;
  private final @Nullable MemorySize quota;

  StoreCleaner(StoreDirectory store, @Nullable MemorySize quota) {
    this.store = store;
    this.quota = quota;
  }

  /** Everything that is older and not needed by a name. */
  Garbage collect(Duration minimumAge, Deadline deadline) throws IOException, InterruptedException {
    try (HeldFile alone = store.removing(deadline)) {
      Set<String> needed = new HashSet<>();
      Set<String> disks = new HashSet<>();
      boolean unread = mark(needed, disks);
      Instant limit = Instant.now().minus(minimumAge);
      Sweep sweep = new Sweep();
      for (String algorithm : List.of("sha256", "sha512")) {
        for (Path blob : store.files("blobs/" + algorithm)) {
          if (!needed.contains(algorithm + ":" + blob.getFileName()) && !unread) {
            sweep.remove(blob, limit);
          }
        }
      }
      // Nobody adds while this is held: what is unfinished was given up.
      for (Path unfinished : store.files("tmp")) {
        sweep.remove(unfinished, limit);
      }
      for (Path part : store.files("parts")) {
        sweep.remove(part, limit);
      }
      for (Path disk : store.files("disks")) {
        if (!disks.contains(disk.getFileName().toString())) {
          sweep.remove(disk, limit);
        }
      }
      return sweep.garbage();
    }
  }

  /** What names lead to. An image whose documents cannot be read keeps all blobs. */
  private boolean mark(Set<String> needed, Set<String> disks) throws IOException {
    boolean unread = false;
    for (Descriptor each : store.index()) {
      needed.add(each.digest().toString());
      try {
        OciDocuments.Manifest manifest =
            OciDocuments.manifest(OciDocuments.parse(store.read(each), "manifest"));
        needed.add(manifest.config().digest().toString());
        manifest.layers().forEach(layer -> needed.add(layer.digest().toString()));
        List<DiskImages.Layer> layers = new ArrayList<>();
        for (Image.Layer layer :
            ImageReader.read(store::read, each, ANY, ImageLimits.DEFAULT).image().layers()) {
          layers.add(new DiskImages.Layer(layer.digest(), layer.diffId()));
        }
        disks.addAll(DiskImages.filesOf(store, layers));
      } catch (IOException e) {
        log.warn("manifest {} in {} cannot be read: {}", each.digest(), store.root(), e.toString());
        unread = true;
      }
    }
    return unread;
  }

  /** Makes room for more, or says that there is none. */
  void makeRoom(long more, Deadline deadline) throws IOException, InterruptedException {
    if (quota == null || store.usage() + more <= quota.bytes()) {
      return;
    }
    collect(Duration.ZERO, deadline);
    try (HeldFile alone = store.removing(deadline)) {
      long usage = store.usage();
      // Several may have the same time.
      Map<Instant, List<Path>> oldest = new TreeMap<>();
      for (Path disk : store.files("disks")) {
        oldest
            .computeIfAbsent(Files.getLastModifiedTime(disk).toInstant(), time -> new ArrayList<>())
            .add(disk);
      }
      List<Path> order = oldest.values().stream().flatMap(List::stream).toList();
      Sweep sweep = new Sweep();
      Instant limit = Instant.now().minus(IN_USE);
      for (Path disk : order) {
        if (usage - sweep.bytes + more <= quota.bytes()) {
          return;
        }
        sweep.remove(disk, limit);
      }
      if (usage - sweep.bytes + more > quota.bytes()) {
        throw new KataException(
            ErrorCode.IMAGE_STORE_FULL,
            "the image store "
                + store.root()
                + " holds "
                + MemorySize.bytes(usage - sweep.bytes)
                + " and has no room for "
                + MemorySize.bytes(more)
                + " more within its quota of "
                + quota,
            Details.none().withRemedy("Remove images, or raise the quota"));
      }
    }
  }

  private static final class Sweep {
    private int files;
    private long bytes;

    void remove(Path file, Instant limit) throws IOException {
      try {
        if (Files.getLastModifiedTime(file).toInstant().isAfter(limit)) {
          return;
        }
        long size = Files.size(file);
        Files.delete(file);
        files++;
        bytes += size;
      } catch (NoSuchFileException e) {
        log.trace("{} has just gone", file, e);
      }
    }

    Garbage garbage() {
      return new Garbage(files, MemorySize.bytes(bytes));
    }
  }
}
