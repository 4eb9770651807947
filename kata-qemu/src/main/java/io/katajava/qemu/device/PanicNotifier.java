package io.katajava.qemu.device;

/**
 * Lets the guest's kernel tell QEMU that it panicked: {@code pvpanic}, x86 only. QEMU's event is
 * seen with {@link io.katajava.qemu.QemuVm#events}.
 *
 * @param id the device's id
 */
public record PanicNotifier(String id) implements QemuDevice {
  /**
   * Checks the id.
   *
   * @throws IllegalArgumentException if it is malformed
   */
  public PanicNotifier {
    DeviceChecks.id(id);
  }

  /**
   * {@code pvpanic0}.
   *
   * @return the device
   */
  public static PanicNotifier standard() {
    return new PanicNotifier("pvpanic0");
  }
}
