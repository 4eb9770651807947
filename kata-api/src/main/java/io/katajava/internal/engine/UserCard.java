package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.Ipv4Range;
import io.katajava.KataException;
import io.katajava.Network;
import io.katajava.SandboxSpec;
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.IpAddress;
import io.katajava.internal.net.UserNetworkSettings;
import io.katajava.spi.NicSpec;
import java.net.InetSocketAddress;
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

  private static final int DNS = 53;

  /** Decides what the user left open; {@code index} counts the sandbox's cards. */
  static UserCard of(
      Network.User user, int index, SandboxSpec.Networking networking, StartRun run) {
    List<IpAddress> given = user.guest().addresses();
    if (given.size() > 1 || given.stream().anyMatch(IpAddress::isIpv6)) {
      throw invalid("a user network has one IPv4 address, not " + given);
    }
    IpAddress address =
        given.isEmpty() ? new IpAddress("10.0." + (2 + index) + ".15", 24) : given.get(0);
    int guest = Ipv4Range.address(address.address());
    Ipv4Range subnet = new Ipv4Range(guest, address.prefixLength());
    if (subnet.prefixLength() > 30) {
      throw invalid("the subnet of " + address + " has no room for a gateway");
    }
    int usual =
        subnet.first() + (guest == subnet.first() + 2 || subnet.prefixLength() > 29 ? 1 : 2);
    int gateway =
        user.guest().gateways().isEmpty()
            ? usual == guest ? usual + 1 : usual
            : Ipv4Range.address(user.guest().gateways().get(0));
    if (!subnet.contains(gateway) || gateway == guest) {
      throw invalid(
          "the gateway " + Ipv4Range.text(gateway) + " is not another address of " + subnet);
    }
    int mtu = user.guest().mtu() == 0 ? MTU : user.guest().mtu();
    String mac = user.guest().mac().orElseGet(GuestCard::randomMac);
    String name = "eth" + index;
    Path socket = run.stateDirectory().resolve("net" + index + ".sock");
    Map<String, Integer> names = names(user, networking, gateway);
    List<String> hosts = new ArrayList<>();
    user.relays()
        .forEach(
            relay ->
                relay.name().ifPresent(host -> hosts.add(Ipv4Range.text(gateway) + " " + host)));
    GuestCard card =
        new GuestCard(
            name,
            new NicSpec("net" + index, mac, new NicSpec.FrameSocket(socket)),
            List.of(address),
            mtu,
            List.of(Ipv4Range.text(gateway)),
            List.of(),
            List.of(
                new ArpNeighbor(
                    new IpAddress(Ipv4Range.text(gateway), 32),
                    name,
                    UserNetworkSettings.GATEWAY_MAC,
                    0,
                    0)),
            Optional.of(Ipv4Range.text(gateway)),
            hosts.stream().distinct().toList());
    UserNetworkSettings settings =
        new UserNetworkSettings(
            run.sandboxId() + "-" + index,
            guest,
            gateway,
            mtu,
            mac,
            user.egress(),
            user.relays(),
            names,
            networking.nameServers().stream().map(UserCard::server).toList());
    return new UserCard(card, settings, socket);
  }

  private static Map<String, Integer> names(
      Network.User user, SandboxSpec.Networking networking, int gateway) {
    Map<String, Integer> names = new LinkedHashMap<>();
    networking
        .hosts()
        .forEach(
            (name, address) -> {
              if (address.indexOf(':') < 0) {
                names.put(name.toLowerCase(Locale.ROOT), Ipv4Range.address(address));
              }
            });
    user.relays()
        .forEach(
            relay ->
                relay.name().ifPresent(name -> names.put(name.toLowerCase(Locale.ROOT), gateway)));
    return names;
  }

  private static InetSocketAddress server(String text) {
    int colon = text.indexOf(':');
    // Four numbers are no name: nothing is looked up.
    return colon < 0
        ? new InetSocketAddress(text, DNS)
        : new InetSocketAddress(
            text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  private static KataException invalid(String message) {
    return new KataException(ErrorCode.INVALID_CONFIGURATION, message);
  }
}
