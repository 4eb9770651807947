package io.katajava.internal.net;

import io.katajava.SandboxEvent.NetworkLimit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The UDP of one guest, both ways. Used by the network's thread alone. */
final class UdpStack {
  private static final Logger log = LoggerFactory.getLogger(UdpStack.class);

  /** Flows at once; the one that was silent for longest goes for a new one. */
  private static final int MOST_FLOWS = 512;

  private static final int MOST_PEERS = 512;
  private static final long SILENCE = TimeUnit.SECONDS.toNanos(120);
  private static final int BURST = 32;
  private static final int FIRST_EPHEMERAL = 32768;
  private static final int EPHEMERAL = 28232;

  private record Flow(int guestPort, Ip address, int port) {
    FamilySide.Quote quote() {
      return new FamilySide.Quote(Packets.PROTOCOL_UDP, guestPort, address, port);
    }
  }

  /** Decides about the first datagram to somewhere. */
  interface Gate {
    boolean allows(Ip address, int port, ByteBuffer frame);

    /** Whether what was allowed once is still. */
    boolean allowsStill(Ip address, int port);

    /** Tells the guest that what it sent there went nowhere. */
    void unreachable(FamilySide.Quote quote, FamilySide.Unreachable why);
  }

  private final GuestFrames frames;
  private final Channels channels;
  private final Gate gate;
  private final NetworkLimits limits;
  private final SocketBudget.Share sockets;
  private volatile int count;
  private final Map<Flow, Outward> flows = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Integer, Inward> published = new HashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(65536);

  UdpStack(
      GuestFrames frames,
      Channels channels,
      Gate gate,
      NetworkLimits limits,
      SocketBudget.Share sockets) {
    this.frames = frames;
    this.channels = channels;
    this.gate = gate;
    this.limits = limits;
    this.sockets = sockets;
  }

  /** Of any thread. */
  int flows() {
    return count;
  }

  /** A datagram of the guest to the outside. */
  void receive(ByteBuffer frame, ByteBuffer data, int guestPort, Ip address, int port) {
    Flow flow = new Flow(guestPort, address, port);
    Outward known = flows.get(flow);
    if (known == null) {
      if (!gate.allows(address, port, frame)) {
        return;
      }
      known = begin(flow);
    }
    if (known != null) {
      known.send(data);
    }
  }

  /** Null when there can be none, of which the guest was told. */
  private @Nullable Outward begin(Flow flow) {
    if (flows.size() >= MOST_FLOWS) {
      dropOldest();
    }
    if (!sockets.take() && !(dropOldest() && sockets.take())) {
      limits.reached(NetworkLimit.DESCRIPTORS, "datagrams to " + flow.address());
      gate.unreachable(flow.quote(), FamilySide.Unreachable.HOST);
      return null;
    }
    try {
      Outward opened = new Outward(flow);
      flows.put(flow, opened);
      count = flows.size();
      return opened;
    } catch (IOException | RuntimeException e) {
      log.debug("{} cannot be opened: {}", flow, e.toString());
      sockets.give();
      if (e instanceof NoDescriptorException) {
        limits.reached(NetworkLimit.DESCRIPTORS, "datagrams to " + flow.address() + ": " + e);
      }
      gate.unreachable(flow.quote(), FamilySide.Unreachable.HOST);
      return null;
    }
  }

  private boolean dropOldest() {
    Iterator<Outward> oldest = flows.values().iterator();
    if (!oldest.hasNext()) {
      return false;
    }
    Outward gone = oldest.next();
    oldest.remove();
    Channels.close(gone.channel);
    ended();
    return true;
  }

  /** Ends flows to what has become known to be denied; the next datagram is asked about. */
  void endDenied() {
    flows
        .values()
        .removeIf(
            flow -> {
              boolean denied = !gate.allowsStill(flow.flow.address(), flow.flow.port());
              if (denied) {
                Channels.close(flow.channel);
                sockets.give();
              }
              return denied;
            });
    count = flows.size();
  }

  private void ended() {
    sockets.give();
    count = flows.size();
  }

  /** Takes datagrams at a port of the host for a port of the guest. */
  void publish(DatagramChannel channel, Ip gateway, int guestPort) throws IOException {
    published.put(guestPort, new Inward(channel, gateway, guestPort));
  }

  void unpublish(int guestPort) {
    Inward port = published.remove(guestPort);
    if (port != null) {
      Channels.close(port.channel);
    }
  }

  /**
   * A datagram of the guest to the gateway: an answer to a peer of a published port, or nothing.
   */
  boolean answer(ByteBuffer data, int guestPort, int gatewayPort) {
    Inward port = published.get(guestPort);
    return port != null && port.answer(data, gatewayPort);
  }

  /** Sends a datagram to the guest; one that does not fit is lost, as datagrams are. */
  void toGuest(Ip from, int port, int guestPort, ByteBuffer data) {
    int length = Packets.UDP + data.remaining();
    if (length > frames.longestPayload(from)) {
      log.debug("a datagram of {} bytes is longer than the guest's MTU allows", data.remaining());
      return;
    }
    Ip guest = frames.guest(from);
    ByteBuffer to = frames.begin(Packets.PROTOCOL_UDP, from, guest, length);
    if (to == null) {
      return;
    }
    int start = to.position();
    to.putShort((short) port)
        .putShort((short) guestPort)
        .putShort((short) length)
        .putShort((short) 0);
    to.put(data);
    to.putShort(
        start + 6, Packets.transportChecksum(to, start, length, Packets.PROTOCOL_UDP, from, guest));
  }

  boolean isIdle() {
    return flows.isEmpty();
  }

  void tick(long now) {
    flows
        .values()
        .removeIf(
            flow -> {
              boolean silent = now - flow.used > SILENCE;
              if (silent) {
                Channels.close(flow.channel);
                sockets.give();
              }
              return silent;
            });
    count = flows.size();
  }

  void close() {
    flows
        .values()
        .forEach(
            flow -> {
              Channels.close(flow.channel);
              sockets.give();
            });
    flows.clear();
    count = 0;
    List<Integer> ports = new ArrayList<>(published.keySet());
    ports.forEach(this::unpublish);
  }

  /** What one port of the guest sends to one port elsewhere, and what comes back from there. */
  private final class Outward implements Channels.Handler {
    private final Flow flow;
    private final DatagramChannel channel;
    private final InetSocketAddress peer;
    private long used = System.nanoTime();

    Outward(Flow flow) throws IOException {
      this.flow = flow;
      this.peer = new InetSocketAddress(flow.address().inet(), flow.port());
      this.channel =
          Channels.opening(
              () ->
                  DatagramChannel.open(
                      flow.address().isIpv6()
                          ? StandardProtocolFamily.INET6
                          : StandardProtocolFamily.INET));
      try {
        channel.connect(peer);
        channels.register(channel, SelectionKey.OP_READ, this);
      } catch (IOException | RuntimeException e) {
        Channels.close(channel);
        throw e;
      }
    }

    void send(ByteBuffer data) {
      used = System.nanoTime();
      try {
        write(data);
      } catch (PortUnreachableException e) {
        // That is about a datagram before; this one has not been sent.
        gate.unreachable(flow.quote(), FamilySide.Unreachable.PORT);
        try {
          write(data);
        } catch (IOException again) {
          lost(again);
        }
      } catch (IOException e) {
        lost(e);
      }
    }

    private void write(ByteBuffer data) throws IOException {
      if (data.hasRemaining()) {
        channel.write(data);
      } else {
        EmptyDatagram.send(channel, peer);
      }
    }

    /** Datagrams may be lost; where it is known that none gets there, the guest is told. */
    private void lost(IOException e) {
      log.debug("a datagram to {} is lost: {}", flow, e.toString());
      gate.unreachable(
          flow.quote(),
          e instanceof PortUnreachableException
              ? FamilySide.Unreachable.PORT
              : FamilySide.Unreachable.HOST);
    }

    @Override
    public void ready() {
      for (int i = 0; i < BURST; i++) {
        try {
          buffer.clear();
          // Not read(): it returns 0 for an empty datagram, and for none.
          if (channel.receive(buffer) == null) {
            return;
          }
          used = System.nanoTime();
          toGuest(flow.address(), flow.port(), flow.guestPort(), buffer.flip());
        } catch (PortUnreachableException e) {
          gate.unreachable(flow.quote(), FamilySide.Unreachable.PORT);
        } catch (IOException e) {
          if (flows.remove(flow, this)) {
            lost(e);
            Channels.close(channel);
            ended();
          }
          return;
        }
      }
    }
  }

  /** A published port. Each peer is a port of the gateway for the guest. */
  private final class Inward implements Channels.Handler {
    private final DatagramChannel channel;
    private final Ip gateway;
    private final int guestPort;
    private final Map<SocketAddress, Integer> ports = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Integer, SocketAddress> peers = new HashMap<>();
    private int next;

    Inward(DatagramChannel channel, Ip gateway, int guestPort) throws IOException {
      this.channel = channel;
      this.gateway = gateway;
      this.guestPort = guestPort;
      channels.register(channel, SelectionKey.OP_READ, this);
    }

    @Override
    public void ready() {
      try {
        for (int i = 0; i < BURST; i++) {
          buffer.clear();
          SocketAddress peer = channel.receive(buffer);
          if (peer == null) {
            return;
          }
          toGuest(gateway, portOf(peer), guestPort, buffer.flip());
        }
      } catch (IOException e) {
        log.debug("published port {} of UDP broke", guestPort, e);
      }
    }

    private int portOf(SocketAddress peer) {
      Integer known = ports.get(peer);
      if (known != null) {
        return known;
      }
      if (ports.size() >= MOST_PEERS) {
        Iterator<Integer> oldest = ports.values().iterator();
        peers.remove(oldest.next());
        oldest.remove();
      }
      int port;
      do {
        next = (next + 1) % EPHEMERAL;
        port = FIRST_EPHEMERAL + next;
      } while (peers.containsKey(port));
      ports.put(peer, port);
      peers.put(port, peer);
      return port;
    }

    boolean answer(ByteBuffer data, int port) {
      @Nullable SocketAddress peer = peers.get(port);
      if (peer == null) {
        return false;
      }
      try {
        channel.send(data, peer);
      } catch (IOException e) {
        log.debug("an answer of published port {} is lost", guestPort, e);
      }
      return true;
    }
  }
}
