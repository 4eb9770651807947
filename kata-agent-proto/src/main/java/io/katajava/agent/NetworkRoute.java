package io.katajava.agent;

/**
 * A route of the guest. Maps to {@code Route}.
 *
 * @param destination network with prefix, empty for the default route
 * @param gateway next hop, empty for none
 * @param device name of the interface
 * @param source preferred source address, empty for none
 * @param scope as in rtnetlink(7): 0 global, 253 link
 * @param ipv6 the family
 * @param flags as in rtnetlink(7)
 * @param mtu greatest packet in bytes, 0 for the interface's
 */
public record NetworkRoute(
    String destination,
    String gateway,
    String device,
    String source,
    int scope,
    boolean ipv6,
    int flags,
    int mtu) {

  /**
   * A default route.
   *
   * @param gateway next hop
   * @param device name of the interface
   * @return the route
   */
  public static NetworkRoute defaultVia(String gateway, String device) {
    return new NetworkRoute("", gateway, device, "", 0, gateway.indexOf(':') >= 0, 0, 0);
  }
}
