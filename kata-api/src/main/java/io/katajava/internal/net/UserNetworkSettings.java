package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import io.katajava.Network.Relay;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a user network is made of.
 *
 * @param label names its thread
 * @param ipv4 the IPv4 addresses
 * @param ipv6 the IPv6 addresses, if the guest has any
 * @param mtu the longest IP packet in bytes
 * @param guestMac the guest's link address
 * @param egress where the guest may connect to
 * @param relays services of the host at ports of the gateway
 * @param names names the guest's name server knows itself, lower case
 * @param nameServers who is asked for others; the host's resolver when empty
 */
public record UserNetworkSettings(
    String label,
    Ends ipv4,
    Optional<Ends> ipv6,
    int mtu,
    String guestMac,
    EgressPolicy egress,
    List<Relay> relays,
    Map<String, List<Ip>> names,
    List<InetSocketAddress> nameServers) {

  /** Our end's link address; the range is nobody's, and the link has no third end. */
  public static final String GATEWAY_MAC = "02:6b:61:74:61:01";

  /**
   * The two addresses on the link.
   *
   * @param guest the guest's
   * @param gateway ours
   */
  public record Ends(Ip guest, Ip gateway) {}

  /** Copies the collections. */
  public UserNetworkSettings {
    relays = List.copyOf(relays);
    names = Map.copyOf(names);
    nameServers = List.copyOf(nameServers);
  }

  /** Those of an address's family. */
  Ends ends(Ip address) {
    return address.isIpv6() ? ipv6.orElseThrow() : ipv4;
  }

  boolean isGateway(Ip address) {
    return address.equals(ipv4.gateway())
        || (ipv6.isPresent() && address.equals(ipv6.get().gateway()));
  }

  static byte[] mac(String text) {
    String[] parts = text.split(":", -1);
    byte[] mac = new byte[parts.length];
    for (int i = 0; i < parts.length; i++) {
      mac[i] = (byte) Integer.parseInt(parts[i], 16);
    }
    return mac;
  }

  @Override
  public String toString() {
    return "user network of " + ipv4.guest();
  }
}
