package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import io.katajava.Ipv4Range;
import io.katajava.Network.Relay;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/**
 * Everything a user network is made of.
 *
 * @param label names its thread
 * @param guest the guest's address
 * @param gateway ours
 * @param mtu the longest IP packet in bytes
 * @param guestMac the guest's link address
 * @param egress where the guest may connect to
 * @param relays services of the host at ports of the gateway
 * @param names names the guest's name server knows itself, lower case
 * @param nameServers who is asked for others; the host's resolver when empty
 */
public record UserNetworkSettings(
    String label,
    int guest,
    int gateway,
    int mtu,
    String guestMac,
    EgressPolicy egress,
    List<Relay> relays,
    Map<String, Integer> names,
    List<InetSocketAddress> nameServers) {

  /** Our end's link address; the range is nobody's, and the link has no third end. */
  public static final String GATEWAY_MAC = "02:6b:61:74:61:01";

  /** Copies the collections. */
  public UserNetworkSettings {
    relays = List.copyOf(relays);
    names = Map.copyOf(names);
    nameServers = List.copyOf(nameServers);
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
    return "user network of " + Ipv4Range.text(guest);
  }
}
