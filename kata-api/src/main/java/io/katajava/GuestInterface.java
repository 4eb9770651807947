package io.katajava;

import io.katajava.agent.IpAddress;
import io.katajava.internal.net.Ip;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a network interface inside the guest.
 *
 * @param addresses its addresses, each with its prefix
 * @param gateways next hops of the default routes, at most one of a family
 * @param mtu the largest packet in bytes, 68 to 65535; 0 for the network's own
 * @param mac its link address; a random one of the locally administered range when absent
 */
public record GuestInterface(
    List<IpAddress> addresses, List<String> gateways, int mtu, Optional<String> mac) {

  /** Nothing but what the network itself gives. */
  public static final GuestInterface DEFAULT =
      new GuestInterface(List.of(), List.of(), 0, Optional.empty());

  /** Copies the lists. */
  public GuestInterface {
    addresses = List.copyOf(addresses);
    gateways = List.copyOf(gateways);
  }

  /** Collects the settings of an interface. */
  public static final class Builder {
    private static final Pattern MAC = Pattern.compile("[0-9a-f][02468ace](:[0-9a-f]{2}){5}");

    private final List<IpAddress> addresses = new ArrayList<>();
    private final List<String> gateways = new ArrayList<>();
    private int mtu;
    private @Nullable String mac;

    /** Begins with nothing set. */
    public Builder() {}

    /**
     * Gives it an address. Default: none.
     *
     * @param address for example {@code 192.168.7.2/24} or {@code fd00:7::2/64}
     * @return this
     * @throws IllegalArgumentException if it is no address with a prefix
     */
    public Builder address(String address) {
      IpAddress parsed = IpAddress.parse(address);
      Ip.parse(parsed.address());
      addresses.add(parsed);
      return this;
    }

    /**
     * Routes through it whatever no other route is for. Default: no such route.
     *
     * @param gateway the next hop
     * @return this
     * @throws IllegalArgumentException if it is no address
     */
    public Builder gateway(String gateway) {
      Ip.parse(gateway);
      gateways.add(gateway);
      return this;
    }

    /**
     * Sets the largest packet.
     *
     * @param bytes 68 to 65535
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder mtu(int bytes) {
      if (bytes < 68 || bytes > 65535) {
        throw new IllegalArgumentException("an MTU is 68 to 65535 bytes, got " + bytes);
      }
      this.mtu = bytes;
      return this;
    }

    /**
     * Sets the link address. Default: a random one.
     *
     * @param address six bytes in lower-case hexadecimal, not a multicast address
     * @return this
     * @throws IllegalArgumentException if it is none
     */
    public Builder mac(String address) {
      if (!MAC.matcher(address).matches()) {
        throw new IllegalArgumentException(
            "'" + address + "' is no link address like 02:00:00:00:00:01");
      }
      this.mac = address;
      return this;
    }

    /**
     * What was set.
     *
     * @return immutable
     */
    public GuestInterface build() {
      return new GuestInterface(addresses, gateways, mtu, Optional.ofNullable(mac));
    }
  }
}
