package io.katajava.internal.cards;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.Network;
import io.katajava.SandboxSpec;
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.IpAddress;
import io.katajava.internal.net.Ip;
import io.katajava.internal.net.IpPort;
import io.katajava.internal.net.IpRange;
import io.katajava.internal.net.UserNetworkSettings;
import io.katajava.internal.net.UserNetworkSettings.Ends;
import io.katajava.internal.run.StartRun;
import io.katajava.spi.NicSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A card on a user network.
 *
 * @param card the card
 * @param settings the network's
 * @param socket where the hypervisor finds it
 */
record UserCard(GuestCard card, UserNetworkSettings settings, Path socket) {
  /** As much as an IPv4 packet can have in whole words, as others on such links do. */
  private static final int MTU = 65520;

  /** What IPv6 asks of every link (RFC 8200, 5). */
  private static final int IPV6_MTU = 1280;

  private static final int DNS = 53;

  /** An address and its gateway. */
  private record Subnet(IpAddress address, Ends ends, boolean asked) {}

  /** Decides what the user left open; {@code index} counts the sandbox's cards. */
  static UserCard of(
      Network.User user, int index, SandboxSpec.Networking networking, StartRun run) {
    int mtu = user.guest().mtu() == 0 ? MTU : user.guest().mtu();
    Subnet ipv4 = subnet(user, false, "10.0." + (2 + index) + ".15/24");
    Optional<Subnet> ipv6 =
        Optional.of(
                subnet(user, true, "fd6b:6174:6100:" + Integer.toHexString(2 + index) + "::15/64"))
            .filter(subnet -> subnet.asked() || mtu >= IPV6_MTU);
    if (ipv6.isPresent() && mtu < IPV6_MTU) {
      throw invalid("IPv6 needs an MTU of " + IPV6_MTU + " bytes, not " + mtu);
    }
    String mac = user.guest().mac().orElseGet(GuestCard::randomMac);
    String name = "eth" + index;
    Path socket = run.stateDirectory().resolve("net" + index + ".sock");
    Ip gateway = ipv4.ends().gateway();
    List<String> hosts = new ArrayList<>();
    user.relays().forEach(relay -> relay.name().ifPresent(host -> hosts.add(gateway + " " + host)));
    List<Subnet> subnets = new ArrayList<>(List.of(ipv4));
    ipv6.ifPresent(subnets::add);
    GuestCard card =
        new GuestCard(
            name,
            new NicSpec("net" + index, mac, new NicSpec.FrameSocket(socket)),
            subnets.stream().map(Subnet::address).toList(),
            ipv6.isPresent() && !ipv6.get().asked(),
            mtu,
            subnets.stream().map(subnet -> subnet.ends().gateway().toString()).toList(),
            List.of(),
            subnets.stream().map(subnet -> neighbor(subnet.ends().gateway(), name)).toList(),
            Optional.of(gateway.toString()),
            hosts.stream().distinct().toList());
    UserNetworkSettings settings =
        new UserNetworkSettings(
            run.sandboxId() + "-" + index,
            ipv4.ends(),
            ipv6.map(Subnet::ends),
            mtu,
            mac,
            user.egress(),
            user.relays(),
            names(user, networking, gateway),
            networking.nameServers().stream()
                .map(server -> IpPort.parse(server, DNS).socket())
                .toList());
    return new UserCard(card, settings, socket);
  }

  private static ArpNeighbor neighbor(Ip gateway, String name) {
    return new ArpNeighbor(
        new IpAddress(gateway.toString(), gateway.bits()),
        name,
        UserNetworkSettings.GATEWAY_MAC,
        0,
        0);
  }

  /** The address of one family that was given, or the usual one, and a gateway in its subnet. */
  private static Subnet subnet(Network.User user, boolean ipv6, String usual) {
    List<IpAddress> given =
        user.guest().addresses().stream().filter(address -> address.isIpv6() == ipv6).toList();
    if (given.size() > 1) {
      throw invalid("a user network has one address of a family, not " + given);
    }
    IpAddress address = given.isEmpty() ? IpAddress.parse(usual) : given.get(0);
    Ip guest = Ip.parse(address.address());
    IpRange subnet = new IpRange(guest, address.prefixLength());
    int hostBits = guest.bits() - subnet.prefixLength();
    if (hostBits < 2) {
      throw invalid("the subnet of " + address + " has no room for a gateway");
    }
    Ip second = plus(subnet.first(), 2);
    Ip gateway =
        user.guest().gateways().stream()
            .map(Ip::parse)
            .filter(one -> one.isIpv6() == ipv6)
            .findFirst()
            .orElseGet(
                () ->
                    hostBits > 2 && !second.equals(guest)
                        ? second
                        : plus(subnet.first(), guest.equals(plus(subnet.first(), 1)) ? 2 : 1));
    if (!subnet.contains(gateway) || gateway.equals(guest)) {
      throw invalid("the gateway " + gateway + " is not another address of " + subnet);
    }
    boolean asked = !given.isEmpty();
    return new Subnet(address, new Ends(guest, gateway), asked);
  }

  private static Ip plus(Ip address, int more) {
    return new Ip(address.family(), address.high(), address.low() + more);
  }

  private static Map<String, List<Ip>> names(
      Network.User user, SandboxSpec.Networking networking, Ip gateway) {
    Map<String, List<Ip>> names = new LinkedHashMap<>();
    networking
        .hosts()
        .forEach(
            (name, address) ->
                names.put(name.toLowerCase(Locale.ROOT), List.of(Ip.parse(address))));
    user.relays()
        .forEach(
            relay ->
                relay
                    .name()
                    .ifPresent(name -> names.put(name.toLowerCase(Locale.ROOT), List.of(gateway))));
    return names;
  }

  private static KataException invalid(String message) {
    return new KataException(ErrorCode.INVALID_CONFIGURATION, message);
  }
}
