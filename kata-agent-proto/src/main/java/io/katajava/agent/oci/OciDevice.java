package io.katajava.agent.oci;

/**
 * A device node in the container. Maps to the protocol's {@code LinuxDevice}.
 *
 * @param path absolute path in the container
 * @param type block or character device, or FIFO
 * @param major major number, at most 4095
 * @param minor minor number, at most 1048575
 * @param fileMode permission bits; 0666 when there are none
 * @param uid owner
 * @param gid group
 */
public record OciDevice(
    String path, Type type, long major, long minor, int fileMode, long uid, long gid) {

  private static final long MOST_MAJOR = 0xfff;
  private static final long MOST_MINOR = 0xf_ffff;

  /**
   * Checks the numbers: of larger ones the kernel takes a part, which is another device.
   *
   * @throws IllegalArgumentException if there is no such device, mode or owner
   */
  public OciDevice {
    if (major < 0 || major > MOST_MAJOR || minor < 0 || minor > MOST_MINOR) {
      throw new IllegalArgumentException(
          "device "
              + path
              + " is "
              + major
              + ":"
              + minor
              + "; the last one is "
              + MOST_MAJOR
              + ":"
              + MOST_MINOR);
    }
    if (fileMode < 0 || fileMode > 07777) {
      throw new IllegalArgumentException(
          "device " + path + " has the mode 0" + Integer.toOctalString(fileMode));
    }
    if (uid < 0 || uid > OciUser.LAST_ID || gid < 0 || gid > OciUser.LAST_ID) {
      throw new IllegalArgumentException(
          "device " + path + " belongs to " + uid + ":" + gid + ", which is no user and group");
    }
  }

  /** The kinds of nodes. */
  public enum Type {
    /** Block device. */
    BLOCK("b"),
    /** Character device. */
    CHARACTER("c"),
    /** Named pipe. */
    FIFO("p");

    private final String wireName;

    Type(String wireName) {
      this.wireName = wireName;
    }

    /**
     * The letter in the specification.
     *
     * @return b, c or p
     */
    public String wireName() {
      return wireName;
    }
  }
}
