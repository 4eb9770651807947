package io.katajava.qemu.device;

import java.nio.file.Path;

/**
 * A disk served by another process that listens already: {@code vhost-user-blk}. The machine's
 * memory becomes shared.
 *
 * @param id the device's id
 * @param socket where that process listens
 */
public record VhostUserDisk(String id, Path socket) implements QemuDevice {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public VhostUserDisk {
    DeviceChecks.id(id);
    DeviceChecks.socket(socket);
  }
}
