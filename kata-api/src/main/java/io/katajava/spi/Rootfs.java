package io.katajava.spi;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A root filesystem as the agent gets it, and the image's defaults for what runs in it.
 *
 * @param path the root's path in the guest once the storages are mounted
 * @param disks what is plugged into the machine first; storages name a disk as {@link
 *     Disk#source()}
 * @param storages what the agent mounts first, in order
 * @param config the image's configuration
 * @param description what it is, for people
 */
public record Rootfs(
    String path, List<Disk> disks, List<Mount> storages, ImageConfig config, String description) {

  /** Copies the collections. */
  public Rootfs {
    disks = List.copyOf(disks);
    storages = List.copyOf(storages);
  }

  /**
   * A root filesystem without disks and without a configuration.
   *
   * @param path the root's path in the guest once the storages are mounted
   * @param storages what the agent mounts first, in order
   * @param description what it is, for people
   */
  public Rootfs(String path, List<Mount> storages, String description) {
    this(path, List.of(), storages, ImageConfig.EMPTY, description);
  }

  /**
   * The same under another description, with more to mount first.
   *
   * @param moreDisks plugged besides
   * @param moreStorages mounted after those that are there
   * @return a root filesystem
   */
  public Rootfs with(List<Disk> moreDisks, List<Mount> moreStorages) {
    List<Disk> allDisks = new ArrayList<>(disks);
    allDisks.addAll(moreDisks);
    List<Mount> allStorages = new ArrayList<>(storages);
    allStorages.addAll(moreStorages);
    return new Rootfs(path, allDisks, allStorages, config, description);
  }

  /**
   * A block image on the host. Containers of one sandbox that name the same file share one disk.
   *
   * @param id a name for the disk: a letter, then letters, digits and {@code -}; at most 20
   * @param image the file, raw; a read-only one must not change while a machine uses it
   * @param isWritable whether the guest may write to it; then no other machine can have it
   */
  public record Disk(String id, Path image, boolean isWritable) {

    /**
     * A read-only disk.
     *
     * @param id a name for the disk
     * @param image the file, raw
     */
    public Disk(String id, Path image) {
      this(id, image, false);
    }

    /**
     * What a storage of the driver {@code blk} has as source to mean this disk. It becomes the
     * disk's address in the guest before the agent sees it.
     *
     * @return a text with this disk's id
     */
    public String source() {
      return "disk:" + id;
    }
  }

  /**
   * One storage for the agent: the protocol's {@code Storage} message.
   *
   * @param driver the agent's driver, for example {@code overlayfs}
   * @param source what is mounted
   * @param fstype the filesystem's type
   * @param options mount options
   * @param mountPoint where in the guest
   * @param driverOptions what the driver, and not the filesystem, is told
   */
  public record Mount(
      String driver,
      String source,
      String fstype,
      List<String> options,
      String mountPoint,
      List<String> driverOptions) {

    /** Copies the options. */
    public Mount {
      options = List.copyOf(options);
      driverOptions = List.copyOf(driverOptions);
    }

    /**
     * A storage whose driver is told nothing.
     *
     * @param driver the agent's driver
     * @param source what is mounted
     * @param fstype the filesystem's type
     * @param options mount options
     * @param mountPoint where in the guest
     */
    public Mount(
        String driver, String source, String fstype, List<String> options, String mountPoint) {
      this(driver, source, fstype, options, mountPoint, List.of());
    }

    /**
     * The same with another source.
     *
     * @param other what is mounted
     * @return a storage
     */
    public Mount withSource(String other) {
      return new Mount(driver, other, fstype, options, mountPoint, driverOptions);
    }

    /**
     * The same with more for its driver.
     *
     * @param more options
     * @return a storage
     */
    public Mount tellingDriver(List<String> more) {
      List<String> all = new ArrayList<>(driverOptions);
      all.addAll(more);
      return new Mount(driver, source, fstype, options, mountPoint, all);
    }
  }
}
