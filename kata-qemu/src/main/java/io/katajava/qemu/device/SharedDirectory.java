package io.katajava.qemu.device;

import java.nio.file.Path;

/**
 * A directory shared by a virtiofsd that listens already: {@code vhost-user-fs}. The machine's
 * memory becomes shared.
 *
 * @param id the device's id
 * @param socket where virtiofsd listens
 * @param tag the name the guest mounts, 1 to 36 bytes
 * @param queueSize entries of a queue, a power of two
 */
public record SharedDirectory(String id, Path socket, String tag, int queueSize)
    implements QemuDevice {
  /** Kata's queue size. */
  public static final int DEFAULT_QUEUE_SIZE = 1024;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public SharedDirectory {
    DeviceChecks.id(id);
    DeviceChecks.socket(socket);
    if (tag.isEmpty() || tag.length() > 36) {
      throw new IllegalArgumentException("a tag has 1 to 36 bytes, got '" + tag + "'");
    }
    if (Integer.bitCount(queueSize) != 1 || queueSize > 32768) {
      throw new IllegalArgumentException(
          "a queue size is a power of two up to 32768, got " + queueSize);
    }
  }

  /**
   * A shared directory with the usual queue size.
   *
   * @param id the device's id
   * @param socket where virtiofsd listens
   * @param tag the name the guest mounts
   * @return the device
   */
  public static SharedDirectory of(String id, Path socket, String tag) {
    return new SharedDirectory(id, socket, tag, DEFAULT_QUEUE_SIZE);
  }
}
