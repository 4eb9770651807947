package io.katajava.internal.net;

import io.katajava.Network.Mapping;
import io.katajava.PublishedPort;
import io.katajava.PublishedPort.Protocol;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ports of the host that lead into the guest. Safe for any thread. */
final class PublishedPorts {
  private static final Logger log = LoggerFactory.getLogger(PublishedPorts.class);
  private static final Ip LOOPBACK = Ip.parse("127.0.0.1");
  private static final int BACKLOG = 128;
  private static final long CLOSE_LIMIT_SECONDS = 5;

  private record Key(Protocol protocol, int guestPort) {}

  private record Open(Mapping mapping, NetworkChannel channel) {}

  private final UserNetworkSettings settings;
  private final Channels channels;
  private final TcpStack tcp;
  private final UdpStack udp;
  private final NetworkLimits limits;
  private final Executor loop;
  private final List<Acceptor> acceptors = new ArrayList<>();
  private final Map<Key, Open> open = new ConcurrentHashMap<>();

  PublishedPorts(
      UserNetworkSettings settings,
      Channels channels,
      TcpStack tcp,
      UdpStack udp,
      NetworkLimits limits,
      Executor loop) {
    this.limits = limits;
    this.settings = settings;
    this.channels = channels;
    this.tcp = tcp;
    this.udp = udp;
    this.loop = loop;
  }

  Mapping publish(PublishedPort port) throws IOException {
    InetAddress address =
        port.hostAddress().isPresent() ? port.hostAddress().get() : LOOPBACK.inet();
    InetSocketAddress wanted = new InetSocketAddress(address, port.hostPort());
    NetworkChannel channel = bind(port.protocol(), wanted);
    Mapping mapping =
        new Mapping(
            port.protocol(),
            port.guestPort(),
            (InetSocketAddress) local(channel.getLocalAddress()));
    Key key = new Key(port.protocol(), port.guestPort());
    if (open.putIfAbsent(key, new Open(mapping, channel)) != null) {
      channel.close();
      throw new IOException(port + " is published already");
    }
    loop.execute(() -> serve(port, channel));
    return mapping;
  }

  private static SocketAddress local(SocketAddress address) throws IOException {
    if (address == null) {
      throw new IOException("the port was closed at once");
    }
    return address;
  }

  private static NetworkChannel bind(Protocol protocol, InetSocketAddress wanted)
      throws IOException {
    NetworkChannel channel =
        protocol == Protocol.TCP ? ServerSocketChannel.open() : DatagramChannel.open();
    try {
      if (channel instanceof ServerSocketChannel server) {
        server.bind(wanted, BACKLOG);
      } else {
        channel.bind(wanted);
      }
      return channel;
    } catch (IOException e) {
      channel.close();
      if (e instanceof BindException) {
        throw new BindException(
            protocol
                + " port "
                + wanted.getPort()
                + " of "
                + wanted.getAddress().getHostAddress()
                + " cannot be bound: "
                + e.getMessage());
      }
      throw e;
    }
  }

  private void serve(PublishedPort port, NetworkChannel channel) {
    if (!channel.isOpen()) {
      return;
    }
    try {
      if (channel instanceof ServerSocketChannel server) {
        acceptors.removeIf(one -> !one.isOpen());
        acceptors.add(
            new Acceptor(server, channels, limits, client -> take(client, port.guestPort())));
      } else if (channel instanceof DatagramChannel datagrams) {
        udp.publish(datagrams, settings.ipv4().gateway(), port.guestPort());
      }
    } catch (IOException e) {
      log.warn("port {} cannot be served", port, e);
      Channels.close(channel);
    }
  }

  private void take(SocketChannel client, int guestPort) throws IOException {
    UserNetworkSettings.Ends ends = settings.ipv4();
    Object peer = client.getRemoteAddress() instanceof InetSocketAddress at ? at.getAddress() : "";
    tcp.accepted(new SocketEnd(client), peer, ends.gateway(), ends.guest(), guestPort);
  }

  /** The network's thread: whether nothing is to be done with time. */
  boolean isIdle() {
    return acceptors.stream().noneMatch(Acceptor::isResting);
  }

  /** The network's thread. */
  void tick(long now) {
    acceptors.forEach(one -> one.tick(now));
  }

  boolean unpublish(Protocol protocol, int guestPort) {
    Open port = open.remove(new Key(protocol, guestPort));
    if (port == null) {
      return false;
    }
    CompletableFuture<Void> closed = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (protocol == Protocol.UDP) {
            udp.unpublish(guestPort);
          }
          channels.closeNow(port.channel());
          closed.complete(null);
        });
    try {
      closed.get(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.debug("port {} of the guest may still be published", guestPort, e);
    }
    return true;
  }

  List<Mapping> published() {
    return open.values().stream().map(Open::mapping).toList();
  }

  void close() {
    open.values().forEach(port -> Channels.close(port.channel()));
    open.clear();
  }
}
