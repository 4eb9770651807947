package io.katajava.spi;

/**
 * The description of a machine that a hypervisor is asked to start.
 *
 * @param sandboxId the sandbox's id: short, letters and digits only
 * @param sizes how large the machine is
 * @param guest what it boots
 * @param network what it is connected to
 * @param detached whether it goes on when this JVM ends, so that {@link Hypervisor#attach} can take
 *     it over; otherwise the kernel ends it with the JVM
 * @param sharesDirectories whether {@link VirtualMachine#plugDirectory} will be asked for: the
 *     guest's memory must be such that another process can map it
 */
public record VmSpec(
    String sandboxId,
    VmSizes sizes,
    GuestAssets guest,
    VmNetwork network,
    boolean detached,
    boolean sharesDirectories) {

  /**
   * A machine that shares no directories.
   *
   * @param sandboxId the sandbox's id
   * @param sizes how large the machine is
   * @param guest what it boots
   * @param network what it is connected to
   * @param detached whether it goes on when this JVM ends
   */
  public VmSpec(
      String sandboxId, VmSizes sizes, GuestAssets guest, VmNetwork network, boolean detached) {
    this(sandboxId, sizes, guest, network, detached, false);
  }

  /**
   * A machine without a network that ends with the JVM.
   *
   * @param sandboxId the sandbox's id
   * @param sizes how large the machine is
   * @param guest what it boots
   */
  public VmSpec(String sandboxId, VmSizes sizes, GuestAssets guest) {
    this(sandboxId, sizes, guest, VmNetwork.NONE, false);
  }
}
