package io.katajava.qemu.device;

/**
 * A balloon: the guest gives memory back when {@link io.katajava.qemu.QemuVm#balloon} asks for it.
 * {@code virtio-balloon}; one a machine.
 *
 * @param id the device's id
 * @param freePageReporting whether the guest also reports, unasked, pages it has freed
 * @param deflateOnOom whether the guest takes memory back when it runs out of it
 */
public record Balloon(String id, boolean freePageReporting, boolean deflateOnOom)
    implements QemuDevice {
  /**
   * Checks the id.
   *
   * @throws IllegalArgumentException if it is malformed
   */
  public Balloon {
    DeviceChecks.id(id);
  }

  /**
   * Kata's balloon: {@code balloon0}, with free-page reporting, deflating before the guest runs out
   * of memory.
   *
   * @return the balloon
   */
  public static Balloon reporting() {
    return new Balloon("balloon0", true, true);
  }
}
