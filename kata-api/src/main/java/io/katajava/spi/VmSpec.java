package io.katajava.spi;

/**
 * What a hypervisor is asked to start.
 *
 * @param sandboxId the sandbox's id: short, letters and digits only
 * @param sizes how large the machine is
 * @param guest what it boots
 * @param detached whether it goes on when this JVM ends, so that {@link Hypervisor#attach} can take
 *     it over; otherwise the kernel ends it with the JVM
 */
public record VmSpec(String sandboxId, VmSizes sizes, GuestAssets guest, boolean detached) {

  /**
   * A machine that ends with the JVM.
   *
   * @param sandboxId the sandbox's id
   * @param sizes how large the machine is
   * @param guest what it boots
   */
  public VmSpec(String sandboxId, VmSizes sizes, GuestAssets guest) {
    this(sandboxId, sizes, guest, false);
  }
}
