package io.katajava.agent.oci;

/**
 * A device node in the container. Maps to the protocol's {@code LinuxDevice}.
 *
 * @param path absolute path in the container
 * @param type block or character device, or FIFO
 * @param major major number
 * @param minor minor number
 * @param fileMode permission bits
 * @param uid owner
 * @param gid group
 */
public record OciDevice(
    String path, Type type, long major, long minor, int fileMode, long uid, long gid) {

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
