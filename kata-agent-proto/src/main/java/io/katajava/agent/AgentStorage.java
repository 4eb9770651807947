package io.katajava.agent;

import java.util.List;
import java.util.Optional;

/**
 * A storage that the agent mounts in the guest before a container uses it. Maps to {@code Storage}.
 *
 * @param driver how the source is found: {@code blk}, {@code scsi}, {@code virtio-fs}, {@code
 *     ephemeral}, {@code local}, {@code overlayfs} and others; an unknown one is an error
 * @param driverOptions options of the driver
 * @param source device, tag or name, as the driver wants it
 * @param fstype file system type
 * @param options mount options and file system data
 * @param mountPoint absolute path in the guest, created if absent
 * @param fsGroup group that gets the volume, if any
 * @param shared whether it stays until the sandbox ends
 */
public record AgentStorage(
    String driver,
    List<String> driverOptions,
    String source,
    String fstype,
    List<String> options,
    String mountPoint,
    Optional<FsGroup> fsGroup,
    boolean shared) {

  /** Copies the lists. */
  public AgentStorage {
    driverOptions = List.copyOf(driverOptions);
    options = List.copyOf(options);
  }

  /**
   * A storage without driver options, group or sharing.
   *
   * @param driver how the source is found
   * @param source device, tag or name
   * @param fstype file system type
   * @param options mount options and file system data
   * @param mountPoint absolute path in the guest
   */
  public AgentStorage(
      String driver, String source, String fstype, List<String> options, String mountPoint) {
    this(driver, List.of(), source, fstype, options, mountPoint, Optional.empty(), false);
  }

  /**
   * A group that gets a volume.
   *
   * @param groupId the group, unsigned
   * @param onlyIfRootDiffers whether a volume whose root has the group already is left alone
   */
  public record FsGroup(int groupId, boolean onlyIfRootDiffers) {}
}
