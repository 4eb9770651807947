package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.ProgressListener;
import io.katajava.base.files.HeldFile;
import io.katajava.image.Garbage;
import io.katajava.image.Image;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import io.katajava.image.RegistryOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the image store does. */
@SuppressWarnings("try") // Locks are held, not used.
public final class StoredImages {
  private static final Logger log = LoggerFactory.getLogger(StoredImages.class);

  /** The kernel's ENOSPC, as the JDK tells it. */
  private static final String NO_SPACE = "No space left on device";

  private final StoreDirectory store;
  private final RegistryOptions registries;
  private final ImageLimits limits;
  private final StoreCleaner cleaner;
  private final Duration timeout;
  private final DiskImages disks;

  private StoredImages(
      StoreDirectory store,
      RegistryOptions registries,
      ImageLimits limits,
      @Nullable MemorySize quota,
      Duration timeout,
      int mostDisks) {
    this.store = store;
    this.registries = registries;
    this.limits = limits;
    this.cleaner = new StoreCleaner(store, quota);
    this.timeout = timeout;
    this.disks = new DiskImages(store, limits, mostDisks);
  }

  /**
   * Opens a store.
   *
   * @param directory where it is
   * @param registries how registries are reached
   * @param limits what an image may be
   * @param quota how large it may become, or null
   * @param timeout how long a pull or an import may take
   * @param mostDisks how many block images an image is made into at most
   * @return the store
   */
  public static StoredImages open(
      Path directory,
      RegistryOptions registries,
      ImageLimits limits,
      @Nullable MemorySize quota,
      Duration timeout,
      int mostDisks) {
    try {
      return new StoredImages(
          StoreDirectory.open(directory), registries, limits, quota, timeout, mostDisks);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot open the image store " + directory + ": " + e,
          Details.none()
              .withRemedy("Check that this user may write to the directory")
              .withCause(e));
    }
  }

  /** Something that reads or writes the store. */
  private interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  private <T> T in(String attempt, Work<T> work) {
    try {
      return work.run();
    } catch (InvalidLayerException e) {
      throw new KataException(
          ErrorCode.IMAGE_REFUSED,
          attempt + " failed: " + e.getMessage(),
          Details.none().withCause(e));
    } catch (LateException e) {
      throw new KataException(
          ErrorCode.TIMEOUT, attempt + " failed: " + e.getMessage(), Details.none().withCause(e));
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).endsWith(NO_SPACE)) {
        throw new KataException(
            ErrorCode.IMAGE_STORE_FULL,
            attempt + " failed: the file system of " + store.root() + " is full",
            Details.none()
                .withRemedy("Free space there, or keep images in another directory")
                .withCause(e));
      }
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE, attempt + " failed: " + e, Details.none().withCause(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED, attempt + " was interrupted", Details.none().withCause(e));
    }
  }

  /**
   * Where it is.
   *
   * @return an absolute path
   */
  public Path directory() {
    return store.root();
  }

  /**
   * Pulls an image.
   *
   * @param reference its name
   * @param platform for which platform
   * @param progress hears how far it is
   * @return the image
   */
  public Image pull(ImageReference reference, Platform platform, ProgressListener progress) {
    return pull(reference, platform, progress, Deadline.after(timeout));
  }

  /**
   * Pulls an image.
   *
   * @param reference its name
   * @param platform for which platform
   * @param progress hears how far it is
   * @param deadline by when it must be there
   * @return the image
   */
  public Image pull(
      ImageReference reference, Platform platform, ProgressListener progress, Deadline deadline) {
    return in(
        "the pull of " + reference,
        () -> {
          try (RegistryPull pull =
              new RegistryPull(store, registries, limits, cleaner, progress, deadline)) {
            ImageReader.Parts parts = pull.run(reference, platform);
            keep(parts, parts.manifest());
            return parts.image();
          }
        });
  }

  /** Gives an image its name; one that had it before has it no longer. */
  private void keep(ImageReader.Parts parts, Descriptor manifest)
      throws IOException, InterruptedException {
    Image image = parts.image();
    Descriptor named =
        manifest
            .on(image.platform())
            .annotated(ImageReader.FULL_NAME, image.reference().toString())
            .annotated(
                ImageReader.NAME, image.reference().tag().orElse(ImageReference.DEFAULT_TAG));
    store.updateIndex(
        all -> {
          all.removeIf(
              other ->
                  ImageReader.name(other).equals(Optional.of(image.reference()))
                      && other.platform().equals(Optional.of(image.platform())));
          all.add(named);
          return all;
        });
  }

  /**
   * Looks for an image; one for the platform is preferred.
   *
   * @param reference its name
   * @param platform for which platform
   * @return the image
   */
  public Optional<Image> find(ImageReference reference, Platform platform) {
    return in(
        "looking for " + reference, () -> parts(reference, platform).map(ImageReader.Parts::image));
  }

  private Optional<ImageReader.Parts> parts(ImageReference reference, Platform platform)
      throws IOException {
    List<Descriptor> named = new ArrayList<>();
    for (Descriptor each : store.index()) {
      if (ImageReader.name(each).filter(name -> means(reference, name, each)).isPresent()) {
        named.add(each);
      }
    }
    Optional<Descriptor> best =
        named.stream()
            .max(Comparator.comparingInt(each -> each.platform().map(platform::fit).orElse(0)));
    return best.isEmpty()
        ? Optional.empty()
        : Optional.of(ImageReader.read(store::read, best.get(), reference, limits));
  }

  /** By name; or, for a reference with a digest, by what has that digest. */
  private static boolean means(ImageReference reference, ImageReference name, Descriptor each) {
    if (name.equals(reference)) {
      return true;
    }
    return reference.digest().isPresent()
        && name.registry().equals(reference.registry())
        && name.repository().equals(reference.repository())
        && (each.digest().equals(reference.digest().get())
            || reference
                .digest()
                .get()
                .toString()
                .equals(each.annotations().get(ImageReader.CHOSEN_FROM)));
  }

  /**
   * All images.
   *
   * @return by name
   */
  public List<Image> list() {
    return in(
        "listing the images",
        () -> {
          List<Image> images = new ArrayList<>();
          for (Descriptor each : store.index()) {
            Optional<ImageReference> name = ImageReader.name(each);
            if (name.isPresent()) {
              try {
                images.add(ImageReader.read(store::read, each, name.get(), limits).image());
              } catch (IOException e) {
                log.warn(
                    "image {} in {} cannot be read: {}", name.get(), store.root(), e.toString());
              }
            }
          }
          images.sort(Comparator.comparing(image -> image.reference().toString()));
          return images;
        });
  }

  /**
   * Takes a name away.
   *
   * @param reference the name
   * @return whether it was there
   */
  public boolean remove(ImageReference reference) {
    return in(
        "the removal of " + reference,
        () -> {
          boolean[] found = {false};
          store.updateIndex(
              all -> {
                found[0] =
                    all.removeIf(
                        each ->
                            ImageReader.name(each)
                                .filter(name -> name.equals(reference))
                                .isPresent());
                return all;
              });
          return found[0];
        });
  }

  /**
   * Imports images.
   *
   * @param source file or directory
   * @param name what to call it, or null
   * @param progress hears how far it is
   * @return the images
   */
  public List<Image> importFrom(
      Path source, @Nullable ImageReference name, ProgressListener progress) {
    Deadline deadline = Deadline.after(timeout);
    return in(
        "the import of " + source,
        () -> {
          ImageImport work = new ImageImport(store, limits, progress, deadline);
          long size = size(source);
          cleaner.makeRoom(size, deadline);
          store.requireRoom(size);
          List<Image> images = new ArrayList<>();
          try (HeldFile adding = store.adding(deadline)) {
            for (ImageReader.Parts parts : work.from(source, name)) {
              keep(parts, parts.manifest());
              images.add(parts.image());
            }
          }
          return images;
        });
  }

  private static long size(Path source) throws IOException {
    try (var files = Files.walk(source)) {
      return files
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .mapToLong(file -> file.toFile().length())
          .sum();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Exports an image.
   *
   * @param reference its name
   * @param target the archive
   */
  public void export(ImageReference reference, Path target) {
    in(
        "the export of " + reference + " to " + target,
        () -> {
          ImageReader.Parts parts =
              parts(reference, Platform.host()).orElseThrow(() -> unknown(reference));
          ImageExport.write(store, parts, target);
          return parts;
        });
  }

  private KataException unknown(ImageReference reference) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        "there is no image " + reference + " in " + store.root(),
        Details.none().withRemedy("Pull or import it"));
  }

  /**
   * Removes what nobody needs.
   *
   * @param minimumAge younger things stay
   * @return how much
   */
  public Garbage collectGarbage(Duration minimumAge) {
    Deadline deadline = Deadline.after(timeout);
    return in("collecting garbage", () -> cleaner.collect(minimumAge, deadline));
  }

  /**
   * The size on the disk.
   *
   * @return its size
   */
  public MemorySize usage() {
    return in("measuring the store", () -> MemorySize.bytes(store.usage()));
  }

  /**
   * Makes the block images of an image.
   *
   * @param image the image
   * @param deadline by when
   * @param progress hears how far it is
   * @return the block images, the lowest first
   */
  public List<DiskImages.DiskImage> prepare(
      Image image, Deadline deadline, ProgressListener progress) {
    return in(
        "making block images of " + image.reference(),
        () ->
            disks.of(
                image.layers().stream()
                    .map(layer -> new DiskImages.Layer(layer.digest(), layer.diffId()))
                    .toList(),
                image.reference().familiar(),
                deadline,
                progress));
  }
}
