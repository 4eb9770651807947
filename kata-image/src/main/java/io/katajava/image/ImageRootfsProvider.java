package io.katajava.image;

import io.katajava.KataException;
import io.katajava.image.internal.DiskImages.DiskImage;
import io.katajava.spi.Rootfs;
import io.katajava.spi.RootfsProvider;
import io.katajava.spi.RootfsRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A provider of root filesystems made from images: block images of the layers, plugged read-only
 * and shared between sandboxes, stacked in the guest by overlayfs under a writable layer in guest
 * memory. An image that is not in the store is pulled. Found with {@link java.util.ServiceLoader};
 * with settings of one's own it is given to {@code Kata.builder().rootfs(...)}.
 *
 * <p>A name the guest brings along, such as {@code busybox}, is the guest's; to have the image of
 * that name write {@code busybox:latest}.
 */
public final class ImageRootfsProvider implements RootfsProvider {
  /** The agent adds upper and work directories itself: Kata's option of the driver overlayfs. */
  private static final String OVERLAY_WRITABLE = "io.katacontainers.fs-opt.overlay-rw";

  private static final String LAYERS = "/run/kata-containers/sandbox/layers/";

  /** Enough of a key for no two of a sandbox to be alike. */
  private static final int KEY = 16;

  private final @Nullable ImageStore store;

  /** Over a store in the runtime's cache directory, with default settings. */
  public ImageRootfsProvider() {
    this.store = null;
  }

  /**
   * Over a store.
   *
   * @param store where images are, and are pulled to
   */
  public ImageRootfsProvider(ImageStore store) {
    this.store = store;
  }

  /**
   * Pulls the image if it is not there, and makes its block images if they are not.
   *
   * @return empty when the reference is a name of the guest's or no reference of an image
   * @throws KataException when the image cannot be had, with a code that begins with {@code IMAGE}
   */
  @Override
  public Optional<Rootfs> prepare(RootfsRequest request) {
    if (request.guest().rootfs().containsKey(request.reference())) {
      return Optional.empty();
    }
    ImageReference reference;
    try {
      reference = ImageReference.parse(request.reference());
    } catch (IllegalArgumentException e) {
      throw new KataException(
          io.katajava.ErrorCode.ROOTFS_UNAVAILABLE,
          e.getMessage() == null ? e.toString() : e.getMessage(),
          KataException.Details.none().withCause(e));
    }
    ImageStore images =
        store != null
            ? store
            : ImageStore.builder().directory(request.cacheDirectory().resolve("images")).build();
    Image image =
        images
            .find(reference)
            .orElseGet(
                () ->
                    images
                        .images()
                        .pull(reference, Platform.host(), request.progress(), request.deadline()));
    List<DiskImage> disks = images.images().prepare(image, request.deadline(), request.progress());
    return Optional.of(rootfs(image, disks, request.directory()));
  }

  private static Rootfs rootfs(Image image, List<DiskImage> disks, String directory) {
    List<Rootfs.Disk> plugged = new ArrayList<>();
    List<Rootfs.Mount> storages = new ArrayList<>();
    List<String> lower = new ArrayList<>();
    for (DiskImage each : disks) {
      String name = each.key().substring(0, KEY);
      Rootfs.Disk disk = new Rootfs.Disk("l" + name, each.file());
      plugged.add(disk);
      storages.add(
          new Rootfs.Mount("blk", disk.source(), "squashfs", List.of("ro"), LAYERS + name));
      lower.add(LAYERS + name);
    }
    // overlayfs has the uppermost layer first.
    Collections.reverse(lower);
    String path = directory + "/rootfs";
    storages.add(
        new Rootfs.Mount(
            "overlayfs",
            "overlay",
            "overlay",
            List.of("lowerdir=" + String.join(":", lower), OVERLAY_WRITABLE),
            path));
    int layers = image.layers().size();
    return new Rootfs(
        path,
        plugged,
        storages,
        image.config(),
        image.reference().familiar()
            + " ("
            + image.digest().shortHex()
            + "), "
            + layers
            + (layers == 1 ? " layer on " : " layers on ")
            + disks.size()
            + (disks.size() == 1 ? " disk" : " disks")
            + " under a writable layer in guest memory");
  }
}
