package io.katajava.qemu.device;

import java.nio.file.Path;

/**
 * A block device: {@code -blockdev} and {@code virtio-blk}, or {@code scsi-hd} on the machine's one
 * {@code virtio-scsi} controller. Can be plugged and unplugged.
 *
 * @param id the device's id; the guest sees it as the disk's serial number (20 characters of it)
 * @param image the file or host block device behind it
 * @param format how the image is written
 * @param bus how the guest sees it
 * @param readOnly whether the guest may only read
 */
public record Disk(String id, Path image, Format format, Bus bus, boolean readOnly)
    implements QemuDevice {

  /** Image formats. The format is never guessed: a guest could write another one's header. */
  public enum Format {
    /** The bytes as they are. */
    RAW("raw"),
    /** QEMU's copy-on-write format. */
    QCOW2("qcow2");

    private final String qemuName;

    Format(String qemuName) {
      this.qemuName = qemuName;
    }

    /**
     * QEMU's name of it.
     *
     * @return the value of {@code driver}
     */
    public String qemuName() {
      return qemuName;
    }
  }

  /** How the guest sees a disk. */
  public enum Bus {
    /** {@code /dev/vdX}: {@code virtio-blk}. */
    VIRTIO,
    /** {@code /dev/sdX}: {@code scsi-hd}; the guest needs the module {@code virtio_scsi}. */
    SCSI
  }

  /**
   * Checks id and path.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public Disk {
    DeviceChecks.id(id);
    DeviceChecks.absolute(image);
  }

  /**
   * A writable raw image on {@code virtio-blk}.
   *
   * @param id the device's id
   * @param image the image's absolute path
   * @return the disk
   */
  public static Disk raw(String id, Path image) {
    return new Disk(id, image, Format.RAW, Bus.VIRTIO, false);
  }

  /**
   * A writable qcow2 image on {@code virtio-blk}.
   *
   * @param id the device's id
   * @param image the image's absolute path
   * @return the disk
   */
  public static Disk qcow2(String id, Path image) {
    return new Disk(id, image, Format.QCOW2, Bus.VIRTIO, false);
  }

  /**
   * The same disk, read-only.
   *
   * @return a disk
   */
  public Disk asReadOnly() {
    return new Disk(id, image, format, bus, true);
  }

  /**
   * The same disk on SCSI.
   *
   * @return a disk
   */
  public Disk onScsi() {
    return new Disk(id, image, format, Bus.SCSI, readOnly);
  }
}
