package io.katajava;

import io.katajava.ContainerFiles.Owner;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A volume: files that a container has besides its root filesystem. Made by the factories here,
 * mounted with {@link ContainerBuilder#volume(String, Volume)}.
 */
public sealed interface Volume {

  /**
   * A directory of the host, read-only for the container. Its content is copied into the guest's
   * memory when the container is made, with the owners that files have on the host; links in it are
   * copied as links and never followed.
   *
   * @param directory on the host, or a link to one
   * @return the volume; {@link HostDirectory#writable()} lets the container write
   */
  static HostDirectory hostDirectory(Path directory) {
    return new HostDirectory(directory.toAbsolutePath().normalize(), false);
  }

  /**
   * An empty directory in the guest's memory, for one container.
   *
   * @param limit how much it may hold
   * @return the volume
   */
  static Volume tmpfs(MemorySize limit) {
    return new Memory(Optional.empty(), Optional.of(limit));
  }

  /**
   * An empty directory in the guest's memory that containers of a sandbox share by its name.
   *
   * @param name unique in the sandbox
   * @return the volume
   */
  static Volume shared(String name) {
    return new Memory(Optional.of(Checks.name("name of a volume", name)), Optional.empty());
  }

  /**
   * A disk of the user's that stays when containers and sandboxes go: an image with an ext4
   * filesystem in the data directory of the runtime, see {@link KataDirectories#data}. It is made
   * when there is none of that name. One machine at a time can have it, until its sandbox ends;
   * containers of one sandbox share it. Takes a PCI Express port of the machine; making it needs
   * {@code mke2fs} and {@code debugfs} of e2fsprogs.
   *
   * <p>What was written is on the disk once the container or its sandbox is closed, or after
   * fsync(2). After a crash the disk is as after a power cut: whole, without the last writes.
   *
   * <p>A new disk's root directory belongs to the container's user where that is given by numbers,
   * else to root; {@link NamedDisk#ownedBy} names another one.
   *
   * @param name letters, digits, {@code . _ -}
   * @param size at least 8 MiB; a smaller disk that no machine has is made so large (needs {@code
   *     e2fsck} and {@code resize2fs} of e2fsprogs), of a larger one the start fails
   * @return the volume, writable
   */
  static NamedDisk disk(String name, MemorySize size) {
    return new NamedDisk(
        Checks.name("name of a disk", name),
        Optional.of(Checks.diskSize(size)),
        true,
        Optional.empty());
  }

  /**
   * As {@link #disk(String, MemorySize)}, of the size it has; a new one gets 1 GiB.
   *
   * @param name letters, digits, {@code . _ -}
   * @return the volume, writable
   */
  static NamedDisk disk(String name) {
    return new NamedDisk(
        Checks.name("name of a disk", name), Optional.empty(), true, Optional.empty());
  }

  /**
   * A disk in a file that is there already. Read-only, many machines can have it at once.
   *
   * @param image the file, raw: a filesystem without partitions
   * @param filesystem its type for mount(2), for example {@code ext4} or {@code squashfs}
   * @return the volume, read-only
   */
  static DiskImage diskImage(Path image, String filesystem) {
    return new DiskImage(
        image.toAbsolutePath().normalize(), Checks.name("filesystem", filesystem), false);
  }

  /**
   * A disk by its name.
   *
   * @param name in the runtime's data directory
   * @param size that it has to have; absent when any will do
   * @param isWritable whether the container may write to it
   * @param owner whose root directory a new one has; absent for the container's user
   */
  record NamedDisk(
      String name, Optional<MemorySize> size, boolean isWritable, Optional<Owner> owner)
      implements Volume {
    /**
     * The same disk, whose root directory belongs to somebody when it is made. An existing disk
     * stays as it is.
     *
     * @param uid user id
     * @param gid group id
     * @return a volume
     */
    public NamedDisk ownedBy(int uid, int gid) {
      return new NamedDisk(name, size, isWritable, Optional.of(new Owner(uid, gid)));
    }

    /**
     * The same disk, which many machines can have at once, and none can write to. One that was last
     * used by a machine that crashed must be mounted writable once before.
     *
     * @return a volume
     */
    public NamedDisk readOnly() {
      return new NamedDisk(name, size, false, owner);
    }
  }

  /**
   * A disk by its file.
   *
   * @param image absolute, on the host
   * @param filesystem its type
   * @param isWritable whether the container may write to it
   */
  record DiskImage(Path image, String filesystem, boolean isWritable) implements Volume {
    /**
     * The same disk, which the container may write to and no other machine can have.
     *
     * @return a volume
     */
    public DiskImage writable() {
      return new DiskImage(image, filesystem, true);
    }
  }

  /**
   * A directory of the host.
   *
   * @param directory absolute, on the host
   * @param isWritable whether the container may write; what it wrote is copied back
   */
  record HostDirectory(Path directory, boolean isWritable) implements Volume {
    /**
     * The same directory, which the container may write to. When the container or its sandbox is
     * closed, what it changed is copied back to the host, with the owners it gave (where this
     * process may), and what it deleted is deleted there. What it did not change is not touched;
     * where the host has changed a file meanwhile and the container has not, the host's stays. No
     * link is followed on the way, links that lead out of the directory are left out, and no file
     * gets a set-user-id bit that way. What cannot be written is named when the container is
     * closed, and everything else is there. A container that is lost with its machine copies
     * nothing back.
     *
     * @return a volume
     */
    public HostDirectory writable() {
      return new HostDirectory(directory, true);
    }
  }

  /**
   * A directory in the guest's memory.
   *
   * @param name by which containers share it; absent when it is one container's own
   * @param limit how much it may hold; half of the guest's memory when absent
   */
  record Memory(Optional<String> name, Optional<MemorySize> limit) implements Volume {

    /**
     * Checks the limit.
     *
     * @throws IllegalArgumentException if it is zero
     */
    public Memory {
      limit.ifPresent(size -> Checks.memoryLimit("a volume in memory", size));
    }
  }
}
