package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.base.files.HeldFile;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Block images of layers, made when first needed and shared from then on. A block image stands for
 * one layer or for several consecutive ones, and is found by their digests and the recipe.
 */
@SuppressWarnings("try") // Locks are held, not used.
public final class DiskImages {
  private static final Logger log = LoggerFactory.getLogger(DiskImages.class);

  /** Changes with whatever changes the bytes that are made of the same layers. */
  private static final String RECIPE = "squashfs-3";

  private static final String SUFFIX = ".squashfs";
  private static final int MAXIMUM_DISKS = 16;

  private final StoreDirectory store;
  private final ImageLimits limits;
  private final int most;

  /**
   * Over a store.
   *
   * @param store where layers are, and images go
   * @param limits what a layer may be
   * @param most how many block images an image has at most
   */
  public DiskImages(StoreDirectory store, ImageLimits limits, int most) {
    this.store = store;
    this.limits = limits;
    this.most = most;
  }

  /**
   * A layer of an image.
   *
   * @param blob its archive
   * @param diffId digest of the uncompressed archive
   */
  public record Layer(Digest blob, Digest diffId) {}

  /**
   * A block image.
   *
   * @param file where it is
   * @param key what it is found by
   * @param layers how many layers it stands for
   */
  public record DiskImage(Path file, String key, int layers) {}

  /**
   * Block images of all layers.
   *
   * @param layers the layers, the lowest first
   * @param name the image, for messages
   * @param deadline by when they must be there
   * @param progress hears how far it is
   * @return block images, the lowest first
   */
  public List<DiskImage> of(
      List<Layer> layers, String name, Deadline deadline, ProgressListener progress)
      throws IOException, InterruptedException {
    Plan plan = planned(layers);
    List<DiskImage> ready = plan == null ? List.of() : present(layers, plan);
    if (!ready.isEmpty()) {
      return ready;
    }
    try (HeldFile adding = store.adding(deadline);
        HeldFile one = store.making(key(layers, 0, layers.size()), deadline)) {
      plan = planned(layers);
      ready = plan == null ? List.of() : present(layers, plan);
      return !ready.isEmpty() ? ready : make(layers, name, deadline, progress);
    }
  }

  /** Where one block image ends and the next begins: numbers of layers, the first being 0. */
  private record Plan(List<Integer> starts) {}

  private Path planFile(List<Layer> layers) {
    return planFile(store, layers, most);
  }

  private static Path planFile(StoreDirectory store, List<Layer> layers, int most) {
    return store.disks().resolve(key(layers, 0, layers.size()) + "." + most + ".plan");
  }

  /** Names of all files that were made of an image's layers, whatever number of disks was asked. */
  static Set<String> filesOf(StoreDirectory store, List<Layer> layers) throws IOException {
    Set<String> names = new HashSet<>();
    for (int most = 1; most <= MAXIMUM_DISKS; most++) {
      Path plan = planFile(store, layers, most);
      if (Files.exists(plan)) {
        names.add(plan.getFileName().toString());
        List<Integer> starts = starts(plan);
        for (int i = 0; i < starts.size(); i++) {
          int to = i + 1 < starts.size() ? starts.get(i + 1) : layers.size();
          names.add(key(layers, starts.get(i), to) + SUFFIX);
        }
      }
    }
    return names;
  }

  private static List<Integer> starts(Path plan) throws IOException {
    List<Integer> starts = new ArrayList<>();
    for (String line : Files.readAllLines(plan)) {
      starts.add(Integer.valueOf(line));
    }
    return starts;
  }

  private @org.jspecify.annotations.Nullable Plan planned(List<Layer> layers) throws IOException {
    Path file = planFile(layers);
    if (!Files.exists(file)) {
      return null;
    }
    StoreDirectory.touch(file);
    return new Plan(starts(file));
  }

  /** Empty when one is missing. */
  private List<DiskImage> present(List<Layer> layers, Plan plan) throws IOException {
    List<DiskImage> images = new ArrayList<>();
    for (int i = 0; i < plan.starts().size(); i++) {
      int from = plan.starts().get(i);
      int to = i + 1 < plan.starts().size() ? plan.starts().get(i + 1) : layers.size();
      DiskImage image = image(layers, from, to);
      if (!Files.exists(image.file())) {
        return List.of();
      }
      StoreDirectory.touch(image.file());
      images.add(image);
    }
    return images;
  }

  private DiskImage image(List<Layer> layers, int from, int to) {
    String key = key(layers, from, to);
    return new DiskImage(store.disks().resolve(key + SUFFIX), key, to - from);
  }

  private static String key(List<Layer> layers, int from, int to) {
    StringBuilder text = new StringBuilder(RECIPE);
    // A stack on the ground has no marks of what it hides.
    text.append(from == 0 ? " bottom" : " upper");
    for (Layer layer : layers.subList(from, to)) {
      text.append(' ').append(layer.diffId());
    }
    return Digest.sha256(text.toString().getBytes(StandardCharsets.US_ASCII)).hex();
  }

  private List<DiskImage> make(
      List<Layer> layers, String name, Deadline deadline, ProgressListener progress)
      throws IOException, InterruptedException {
    List<LayerIndex> indexes = new ArrayList<>();
    int alone = 0;
    long names = 0;
    for (int i = 0; i < layers.size(); i++) {
      LayerIndex index;
      try {
        index = archive(layers.get(i), deadline).index(layers.get(i).diffId());
      } catch (LateException e) {
        throw e;
      } catch (IOException e) {
        throw refused(name, layers.get(i), e);
      }
      names += index.items().size() + index.whiteouts().size();
      if (names > limits.entries()) {
        throw refused(
            name,
            layers.get(i),
            new InvalidLayerException(
                "together with the layers below it, it has more than "
                    + limits.entries()
                    + " names, the limit"));
      }
      if (!index.isSelfContained()) {
        alone = i + 1;
      }
      indexes.add(index);
    }
    Plan plan = plan(layers, alone);
    List<DiskImage> images = new ArrayList<>();
    for (int i = 0; i < plan.starts().size(); i++) {
      int from = plan.starts().get(i);
      int to = i + 1 < plan.starts().size() ? plan.starts().get(i + 1) : layers.size();
      images.add(build(layers, indexes, from, to, name, deadline, progress));
    }
    StringBuilder lines = new StringBuilder();
    plan.starts().forEach(start -> lines.append(start).append('\n'));
    Path unfinished = store.newTemporary();
    try {
      Files.writeString(unfinished, lines.toString());
      store.publish(unfinished, planFile(layers));
    } finally {
      Files.deleteIfExists(unfinished);
    }
    return images;
  }

  /**
   * The lowest layers are what images share, so each of them is alone as long as there are disks;
   * the last block image takes the rest. Layers up to {@code alone} depend on those below them.
   */
  private Plan plan(List<Layer> layers, int alone) {
    List<Integer> starts = new ArrayList<>(List.of(0));
    int next = Math.max(1, alone);
    while (next < layers.size() && starts.size() < most) {
      starts.add(next++);
    }
    // One layer may be there twice, but overlayfs takes no directory twice.
    while (hasOneTwice(layers, starts)) {
      starts.remove(starts.size() - 1);
    }
    return new Plan(starts);
  }

  private static boolean hasOneTwice(List<Layer> layers, List<Integer> starts) {
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < starts.size(); i++) {
      int to = i + 1 < starts.size() ? starts.get(i + 1) : layers.size();
      if (!keys.add(key(layers, starts.get(i), to))) {
        return true;
      }
    }
    return false;
  }

  private LayerArchive archive(Layer layer, Deadline deadline) {
    return new LayerArchive(store.blob(layer.blob()), limits, deadline);
  }

  private DiskImage build(
      List<Layer> layers,
      List<LayerIndex> indexes,
      int from,
      int to,
      String name,
      Deadline deadline,
      ProgressListener progress)
      throws IOException, InterruptedException {
    DiskImage image = image(layers, from, to);
    if (Files.exists(image.file())) {
      StoreDirectory.touch(image.file());
      return image;
    }
    SquashfsTool tool =
        SquashfsTool.find(System.getenv().getOrDefault("PATH", ""))
            .orElseThrow(
                () ->
                    new KataException(
                        ErrorCode.HOST_UNSUITABLE,
                        "cannot make block images of "
                            + name
                            + ": there is neither sqfstar nor tar2sqfs",
                        Details.none()
                            .withRemedy(
                                "Install squashfs-tools (4.5 or newer) or squashfs-tools-ng")));
    Path unfinished = store.newTemporary();
    Files.delete(unfinished);
    String subject = name + " layer " + layers.get(to - 1).diffId().shortHex();
    long begin = System.nanoTime();
    long[] done = {0};
    try {
      LayerStack stack = new LayerStack(indexes.subList(from, to), from == 0);
      tool.make(
          out ->
              stack.write(
                  layer ->
                      counted(
                          archive(layers.get(from + layer), deadline).open(),
                          subject,
                          done,
                          progress),
                  out),
          unfinished,
          deadline);
      store.publish(unfinished, image.file());
    } catch (InvalidLayerException e) {
      throw refused(name, layers.get(to - 1), e);
    } finally {
      Files.deleteIfExists(unfinished);
      progress.progress(
          new ProgressEvent(
              ProgressEvent.Activity.UNPACK, subject, done[0], OptionalLong.empty(), true));
    }
    log.debug(
        "{} layers of {} became {} in {} ms",
        to - from,
        name,
        image.file(),
        (System.nanoTime() - begin) / 1_000_000);
    return image;
  }

  private static InputStream counted(
      InputStream in, String subject, long[] done, ProgressListener progress) {
    return new CountingStream(
        in,
        count -> {
          done[0] += count;
          progress.progress(
              new ProgressEvent(
                  ProgressEvent.Activity.UNPACK, subject, done[0], OptionalLong.empty(), false));
        });
  }

  private static KataException refused(String name, Layer layer, IOException reason) {
    return new KataException(
        ErrorCode.IMAGE_REFUSED,
        "layer " + layer.diffId() + " of " + name + " is refused: " + reason.getMessage(),
        Details.none().withCause(reason));
  }
}
