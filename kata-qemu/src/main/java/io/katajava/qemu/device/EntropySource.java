package io.katajava.qemu.device;

import java.nio.file.Path;

/**
 * Random bytes of the host: {@code rng-random} and {@code virtio-rng}. Not there by default: the
 * CPU models used by default have RDRAND.
 *
 * @param id the device's id
 * @param source where the bytes come from
 */
public record EntropySource(String id, Path source) implements QemuDevice {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public EntropySource {
    DeviceChecks.id(id);
    DeviceChecks.absolute(source);
  }

  /**
   * {@code rng0}, from {@code /dev/urandom}.
   *
   * @return the device
   */
  public static EntropySource urandom() {
    return new EntropySource("rng0", Path.of("/dev/urandom"));
  }
}
