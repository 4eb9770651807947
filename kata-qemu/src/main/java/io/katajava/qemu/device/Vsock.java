package io.katajava.qemu.device;

/**
 * A vsock: {@code vhost-vsock}. Needs {@code /dev/vhost-vsock} on the host, open to QEMU's user.
 *
 * @param id the device's id
 * @param cid the guest's context id, 3 to 4294967294, unique on the host
 */
public record Vsock(String id, long cid) implements QemuDevice {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public Vsock {
    DeviceChecks.id(id);
    if (cid < 3 || cid >= 0xFFFF_FFFFL) {
      throw new IllegalArgumentException("a guest's cid is 3 to 4294967294, got " + cid);
    }
  }
}
