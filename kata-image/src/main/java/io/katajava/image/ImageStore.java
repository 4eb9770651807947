package io.katajava.image;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.ProgressListener;
import io.katajava.image.internal.StoredImages;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A store of images on this host: pulled from registries or imported, content-addressed, every byte
 * checked against its digest. Threads and processes may share one directory. Immutable; has nothing
 * to close.
 *
 * <pre>{@code
 * ImageStore store = ImageStore.open();
 * Image image = store.pull(ImageReference.parse("busybox"), ProgressListener.NONE);
 * }</pre>
 *
 * <p>Blocking methods throw {@link KataException} with {@link ErrorCode#INTERRUPTED} when the
 * calling thread is interrupted, and with {@link ErrorCode#HOST_UNSUITABLE} when the directory
 * cannot be read or written.
 */
public final class ImageStore {
  /** How long a pull or an import may take unless told otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(30);

  /** How many block images an image is made into at most, unless told otherwise. */
  public static final int DEFAULT_DISKS = 4;

  private final StoredImages images;

  private ImageStore(Builder builder) {
    this.images =
        StoredImages.open(
            builder.directory,
            builder.registries,
            builder.limits,
            builder.quota,
            builder.timeout,
            builder.disks);
  }

  /**
   * The store that sandboxes use: {@code images} below the cache directory of {@link
   * KataDirectories}, with default settings.
   *
   * @return a store
   */
  public static ImageStore open() {
    return builder().build();
  }

  /**
   * Begins a store with other settings.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Where it is: an OCI image layout, with more beside it.
   *
   * @return an absolute path
   */
  public Path directory() {
    return images.directory();
  }

  /**
   * Pulls an image for this host's platform.
   *
   * @param reference its name
   * @param progress hears how far it is
   * @return the image, all of it in the store
   * @throws KataException with {@link ErrorCode#TIMEOUT}, {@link ErrorCode#IMAGE_NOT_FOUND}, {@link
   *     ErrorCode#IMAGE_PULL_FAILED}, {@link ErrorCode#IMAGE_REFUSED} or {@link
   *     ErrorCode#IMAGE_STORE_FULL}
   */
  public Image pull(ImageReference reference, ProgressListener progress) {
    return pull(reference, Platform.host(), progress);
  }

  /**
   * Pulls an image. What is there already is not pulled again; what was interrupted goes on where
   * it stopped.
   *
   * @param reference its name
   * @param platform for which platform, where the registry offers several
   * @param progress hears how far it is
   * @return the image, all of it in the store
   * @throws KataException as {@link #pull(ImageReference, ProgressListener)}
   */
  public Image pull(ImageReference reference, Platform platform, ProgressListener progress) {
    return images.pull(reference, platform, progress);
  }

  /**
   * Looks for an image.
   *
   * @param reference its name
   * @return the image, or empty when it is not in the store
   */
  public Optional<Image> find(ImageReference reference) {
    return images.find(reference, Platform.host());
  }

  /**
   * All images, by name.
   *
   * @return a snapshot
   */
  public List<Image> list() {
    return images.list();
  }

  /**
   * Takes a name away. What no other name needs goes with {@link #collectGarbage}.
   *
   * @param reference the name
   * @return whether it was there
   */
  public boolean remove(ImageReference reference) {
    return images.remove(reference);
  }

  /**
   * Takes images from a file or directory: an OCI image layout; an archive of {@code docker save},
   * as podman, skopeo, crane and jib write it, too; or a plain root filesystem. Each is a directory
   * or a tar archive, which may be compressed with gzip, zstd, bzip2 or xz. What it is is told from
   * its content and said in the progress. Needs no network.
   *
   * @param source the file or directory
   * @param name what to call it: needed for a root filesystem, and to choose or rename one of
   *     several images; null for the names that the images bring along
   * @param progress hears how far it is
   * @return the images
   * @throws KataException with {@link ErrorCode#IMAGE_NOT_FOUND} or {@link ErrorCode#IMAGE_REFUSED}
   */
  public List<Image> importFrom(
      Path source, @Nullable ImageReference name, ProgressListener progress) {
    return images.importFrom(source, name, progress);
  }

  /**
   * Writes an image as a tar archive of an OCI image layout, which {@link #importFrom} and other
   * tools read.
   *
   * @param reference its name in the store
   * @param target the file; one that is there is replaced
   * @throws KataException with {@link ErrorCode#IMAGE_NOT_FOUND}
   */
  public void export(ImageReference reference, Path target) {
    images.export(reference, target);
  }

  /**
   * Removes what no name needs: content, block images, and downloads that were given up. Running
   * sandboxes keep what they have open.
   *
   * @param minimumAge younger things stay
   * @return how much was removed
   */
  public Garbage collectGarbage(Duration minimumAge) {
    return images.collectGarbage(minimumAge);
  }

  /**
   * How much the store takes on the disk.
   *
   * @return its size
   */
  public MemorySize usage() {
    return images.usage();
  }

  /**
   * Makes the block images of an image, so that a sandbox need not wait for them.
   *
   * @param image the image
   * @param deadline by when they must be there
   * @param progress hears how far it is
   * @return the files, the lowest first; squashfs
   * @throws KataException with {@link ErrorCode#IMAGE_REFUSED} when a layer is not to be trusted
   */
  public List<Path> prepare(Image image, Deadline deadline, ProgressListener progress) {
    return images.prepare(image, deadline, progress).stream().map(each -> each.file()).toList();
  }

  StoredImages images() {
    return images;
  }

  /** Settings of a store. Not safe for several threads. */
  public static final class Builder {
    private Path directory = KataDirectories.fromEnvironment().cache().resolve("images");
    private RegistryOptions registries = RegistryOptions.builder().build();
    private ImageLimits limits = ImageLimits.DEFAULT;
    private @Nullable MemorySize quota;
    private Duration timeout = DEFAULT_TIMEOUT;
    private int disks = DEFAULT_DISKS;

    private Builder() {}

    /**
     * Keeps images here. Default: see {@link ImageStore#open}.
     *
     * @param directory made when missing
     * @return this
     */
    public Builder directory(Path directory) {
      this.directory = directory.toAbsolutePath();
      return this;
    }

    /**
     * Sets how registries are reached. Default: with TLS and the credentials of Docker's
     * configuration file.
     *
     * @param registries credentials, mirrors, certificates
     * @return this
     */
    public Builder registries(RegistryOptions registries) {
      this.registries = registries;
      return this;
    }

    /**
     * Sets what an image may be. Default: {@link ImageLimits#DEFAULT}.
     *
     * @param limits the limits
     * @return this
     */
    public Builder limits(ImageLimits limits) {
      this.limits = limits;
      return this;
    }

    /**
     * Limits what the store may take on the disk. To make room, garbage goes first, then block
     * images that were not used for longest: they can be made again. Images are never removed.
     * Default: no limit.
     *
     * @param quota the size
     * @return this
     */
    public Builder quota(MemorySize quota) {
      this.quota = quota;
      return this;
    }

    /**
     * Sets how long a pull or an import may take. Default: {@link #DEFAULT_TIMEOUT}.
     *
     * @param timeout positive
     * @return this
     */
    public Builder timeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("a timeout is positive, got " + timeout);
      }
      this.timeout = timeout;
      return this;
    }

    /**
     * Sets how many block images an image is made into at most. The lowest layers have one each,
     * which other images share; the rest has one together. Each is one disk of the guest, and needs
     * a free PCI Express port. Default: {@link #DEFAULT_DISKS}.
     *
     * @param disks 1 to 16
     * @return this
     */
    public Builder disks(int disks) {
      if (disks < 1 || disks > 16) {
        throw new IllegalArgumentException("an image has 1 to 16 disks, asked for " + disks);
      }
      this.disks = disks;
      return this;
    }

    /**
     * Opens the store.
     *
     * @return a store
     * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when the directory cannot be
     *     made
     */
    public ImageStore build() {
      return new ImageStore(this);
    }
  }
}
