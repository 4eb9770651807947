package io.katajava.agent;

import java.util.List;

/**
 * An interface of the guest. Maps to {@code Interface}.
 *
 * @param device name in the agent's list, often the same as name
 * @param name what it is called, or shall be
 * @param addresses added when it is updated; none is removed
 * @param mtu greatest packet in bytes, 0 to keep it
 * @param macAddress such as {@code 02:00:00:00:00:01}; finds the interface
 * @param devicePath PCI path to wait for, empty for none
 * @param type kind of link, usually empty
 * @param rawFlags flags of the link; agents honour only {@link #NO_ARP}
 */
public record NetworkInterface(
    String device,
    String name,
    List<IpAddress> addresses,
    long mtu,
    String macAddress,
    String devicePath,
    String type,
    int rawFlags) {

  /** IFF_NOARP. */
  public static final int NO_ARP = 0x80;

  /** Copies the addresses. */
  public NetworkInterface {
    addresses = List.copyOf(addresses);
  }

  /**
   * An ordinary interface.
   *
   * @param name what it shall be called
   * @param macAddress finds it
   * @param mtu greatest packet in bytes, 0 to keep it
   * @param addresses to be added
   */
  public NetworkInterface(String name, String macAddress, long mtu, List<IpAddress> addresses) {
    this(name, name, addresses, mtu, macAddress, "", "", 0);
  }
}
