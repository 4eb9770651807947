package io.katajava.qemu.device;

import java.util.Optional;

/**
 * A network card: {@code virtio-net} and its {@code -netdev}. Can be plugged and unplugged.
 *
 * @param id the device's id
 * @param backend what it is connected to
 * @param mac its address; empty for QEMU's default, which is the same in every machine
 */
public record Nic(String id, NicBackend backend, Optional<String> mac) implements QemuDevice {

  /**
   * Checks id and address.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public Nic {
    DeviceChecks.id(id);
    mac.ifPresent(DeviceChecks::mac);
  }

  /**
   * A card with QEMU's default address.
   *
   * @param id the device's id
   * @param backend what it is connected to
   * @return the card
   */
  public static Nic of(String id, NicBackend backend) {
    return new Nic(id, backend, Optional.empty());
  }

  /**
   * The same card with an address.
   *
   * @param address lower-case hexadecimal, for example {@code 52:54:00:12:34:56}
   * @return a card
   */
  public Nic withMac(String address) {
    return new Nic(id, backend, Optional.of(address));
  }
}
