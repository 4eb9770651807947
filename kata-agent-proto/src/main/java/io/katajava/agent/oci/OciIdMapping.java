package io.katajava.agent.oci;

/**
 * A range of user or group numbers of a user namespace. Maps to the protocol's {@code
 * LinuxIDMapping}.
 *
 * @param containerId the first number inside
 * @param guestId the first number in the guest that it stands for; {@code HostID} on the wire
 * @param size how many numbers
 */
public record OciIdMapping(long containerId, long guestId, long size) {
  private static final long NUMBERS = 1L << 32;

  /**
   * Checks the range.
   *
   * @throws IllegalArgumentException if it is empty or not within the 32-bit numbers
   */
  public OciIdMapping {
    if (containerId < 0
        || guestId < 0
        || size < 1
        || containerId + size >= NUMBERS
        || guestId + size >= NUMBERS) {
      throw new IllegalArgumentException(
          "an id mapping is a range of 32-bit numbers, got "
              + size
              + " from "
              + containerId
              + " standing for "
              + guestId);
    }
  }
}
