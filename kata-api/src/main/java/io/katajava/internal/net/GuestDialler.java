package io.katajava.internal.net;

import io.katajava.Network.Relay;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * Where the guest's connections lead: to the gateway's own services, relays, or as egress allows.
 */
final class GuestDialler implements TcpDialler {
  private static final Ip LOOPBACK = Ip.parse("127.0.0.1");

  private final UserNetworkSettings settings;
  private final EgressCheck egress;
  private final Refusals refusals;
  private final DnsProxy dns;
  private final GuestSide guest;

  GuestDialler(
      UserNetworkSettings settings,
      EgressCheck egress,
      Refusals refusals,
      DnsProxy dns,
      GuestSide guest) {
    this.settings = settings;
    this.egress = egress;
    this.refusals = refusals;
    this.dns = dns;
    this.guest = guest;
  }

  @Override
  public Way way(Ip address, int port) {
    if (settings.isGateway(address)) {
      return port == DnsProxy.PORT ? Way.SERVICE : relay(port).isPresent() ? Way.SOCKET : Way.NONE;
    }
    EgressCheck.Decision decision = egress.decide(address, port);
    if (port != 0 && decision.allowed()) {
      return Way.SOCKET;
    } else if (decision.later()) {
      return Way.LATER;
    }
    refusals.refused("tcp", address, port, decision);
    return Way.NONE;
  }

  @Override
  public FarEnd dial(Ip address, int port) throws IOException {
    if (!settings.isGateway(address)) {
      SocketChannel channel = Channels.opening(SocketChannel::open);
      return new SocketEnd(connecting(channel, new InetSocketAddress(address.inet(), port)));
    }
    return port == DnsProxy.PORT
        ? dns.connect()
        : new SocketEnd(connect(relay(port).orElseThrow()));
  }

  @Override
  public void unreachable(TcpEndpoints endpoints) {
    if (!settings.isGateway(endpoints.address())) {
      guest.unreachable(
          new FamilySide.Quote(
              Packets.PROTOCOL_TCP, endpoints.guestPort(), endpoints.address(), endpoints.port()),
          FamilySide.Unreachable.HOST);
    }
  }

  private Optional<Relay> relay(int port) {
    return settings.relays().stream().filter(relay -> relay.guestPort() == port).findFirst();
  }

  private static SocketChannel connect(Relay relay) throws IOException {
    if (relay.socket().isPresent()) {
      return connecting(
          Channels.opening(() -> SocketChannel.open(StandardProtocolFamily.UNIX)),
          UnixDomainSocketAddress.of(relay.socket().get()));
    }
    return connecting(
        Channels.opening(SocketChannel::open),
        new InetSocketAddress(LOOPBACK.inet(), relay.hostPort()));
  }

  private static SocketChannel connecting(SocketChannel channel, SocketAddress to)
      throws IOException {
    try {
      channel.configureBlocking(false);
      channel.connect(to);
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }
}
