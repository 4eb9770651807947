package io.katajava.internal.cards;

import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentException;
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.IpAddress;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.spi.NicSpec;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network card, from the machine's and from the guest's point of view.
 *
 * @param name the interface's name in the guest
 * @param nic the machine's card
 * @param addresses what the interface gets
 * @param ipv6Offered whether its IPv6 addresses are for a guest that can have some
 * @param mtu the longest packet in bytes, 0 for the interface's own
 * @param gateways next hops of default routes
 * @param routes further routes
 * @param neighbors link addresses the guest need not ask for
 * @param nameServer who resolves names on this network
 * @param hosts lines for the containers' hosts file
 */
record GuestCard(
    String name,
    NicSpec nic,
    List<IpAddress> addresses,
    boolean ipv6Offered,
    int mtu,
    List<String> gateways,
    List<NetworkRoute> routes,
    List<ArpNeighbor> neighbors,
    Optional<String> nameServer,
    List<String> hosts) {
  private static final Logger log = LoggerFactory.getLogger(GuestCard.class);

  /** Outcomes that are no answer of the agent. */
  private static final Set<TtrpcStatus> CONNECTION =
      Set.of(TtrpcStatus.UNAVAILABLE, TtrpcStatus.DEADLINE_EXCEEDED, TtrpcStatus.CANCELLED);

  private static final SecureRandom RANDOM = new SecureRandom();

  GuestCard {
    addresses = List.copyOf(addresses);
    gateways = List.copyOf(gateways);
    routes = List.copyOf(routes);
    neighbors = List.copyOf(neighbors);
    hosts = List.copyOf(hosts);
  }

  /** A random link address: locally administered, of one station. */
  static String randomMac() {
    byte[] bytes = new byte[5];
    RANDOM.nextBytes(bytes);
    StringBuilder text = new StringBuilder("02");
    for (byte b : bytes) {
      text.append(String.format(Locale.ROOT, ":%02x", b));
    }
    return text.toString();
  }

  /** All addresses, for people. */
  String addressText() {
    return addresses.stream().map(IpAddress::address).collect(Collectors.joining(" and "));
  }

  /** The first address without its prefix. */
  Optional<String> address() {
    return addresses.stream().map(IpAddress::address).findFirst();
  }

  /** Sets it up in the guest; returns what the guest has of it. */
  private GuestCard set(AgentClient client) {
    try {
      client.network().updateInterface(new NetworkInterface(name, nic.mac(), mtu, addresses));
      return this;
    } catch (AgentException e) {
      if (!ipv6Offered || CONNECTION.contains(e.status())) {
        throw e;
      }
      // A kernel without IPv6, or told not to use it, is a guest all the same.
      log.debug("{} has no IPv6: {}", name, e.getMessage());
      return withoutIpv6().set(client);
    }
  }

  private GuestCard withoutIpv6() {
    return new GuestCard(
        name,
        nic,
        addresses.stream().filter(address -> !address.isIpv6()).toList(),
        false,
        mtu,
        gateways.stream().filter(gateway -> gateway.indexOf(':') < 0).toList(),
        routes,
        neighbors.stream().filter(neighbor -> !neighbor.address().isIpv6()).toList(),
        nameServer,
        hosts);
  }

  /** Sets the cards up in the guest. The first gateway of a family gets the default route. */
  static void configure(List<GuestCard> cards, AgentClient client) {
    List<NetworkRoute> routes = new ArrayList<>();
    List<ArpNeighbor> neighbors = new ArrayList<>();
    Set<Boolean> families = new HashSet<>();
    for (GuestCard whole : cards) {
      GuestCard card = whole.set(client);
      routes.addAll(card.routes);
      for (String gateway : card.gateways) {
        if (families.add(gateway.indexOf(':') >= 0)) {
          routes.add(NetworkRoute.defaultVia(gateway, card.name));
        }
      }
      neighbors.addAll(card.neighbors);
    }
    if (!routes.isEmpty()) {
      client.network().updateRoutes(routes);
    }
    if (!neighbors.isEmpty()) {
      client.network().addArpNeighbors(neighbors);
    }
  }
}
