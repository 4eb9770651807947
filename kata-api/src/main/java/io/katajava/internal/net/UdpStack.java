package io.katajava.internal.net;

import java.io.IOException;
import java.net.InetSocketAddress;
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

  private record Flow(int guestPort, Ip address, int port) {}

  /** Decides about the first datagram to somewhere. */
  interface Gate {
    boolean allows(Ip address, int port, ByteBuffer frame);
  }

  private final GuestFrames frames;
  private final Channels channels;
  private final Gate gate;
  private final Map<Flow, Outward> flows = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Integer, Inward> published = new HashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(65536);

  UdpStack(GuestFrames frames, Channels channels, Gate gate) {
    this.frames = frames;
    this.channels = channels;
    this.gate = gate;
  }

  /** A datagram of the guest to the outside. */
  void receive(ByteBuffer frame, ByteBuffer data, int guestPort, Ip address, int port) {
    Flow flow = new Flow(guestPort, address, port);
    try {
      Outward known = flows.get(flow);
      if (known == null) {
        if (!gate.allows(address, port, frame)) {
          return;
        }
        known = new Outward(flow);
        flows.put(flow, known);
        dropOldest();
      }
      known.send(data);
    } catch (IOException | RuntimeException e) {
      log.debug("a datagram to {}:{} is lost", address, port, e);
      Outward broken = flows.remove(flow);
      if (broken != null) {
        Channels.close(broken.channel);
      }
    }
  }

  private void dropOldest() {
    if (flows.size() > MOST_FLOWS) {
      Iterator<Outward> oldest = flows.values().iterator();
      Channels.close(oldest.next().channel);
      oldest.remove();
    }
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
              }
              return silent;
            });
  }

  void close() {
    flows.values().forEach(flow -> Channels.close(flow.channel));
    flows.clear();
    List<Integer> ports = new ArrayList<>(published.keySet());
    ports.forEach(this::unpublish);
  }

  /** What one port of the guest sends to one port elsewhere, and what comes back from there. */
  private final class Outward implements Channels.Handler {
    private final Flow flow;
    private final DatagramChannel channel;
    private long used = System.nanoTime();

    Outward(Flow flow) throws IOException {
      this.flow = flow;
      this.channel =
          DatagramChannel.open(
              flow.address().isIpv6() ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
      try {
        channel.connect(new InetSocketAddress(flow.address().inet(), flow.port()));
        channels.register(channel, SelectionKey.OP_READ, this);
      } catch (IOException | RuntimeException e) {
        Channels.close(channel);
        throw e;
      }
    }

    void send(ByteBuffer data) throws IOException {
      used = System.nanoTime();
      channel.write(data);
    }

    @Override
    public void ready() {
      try {
        for (int i = 0; i < BURST; i++) {
          buffer.clear();
          if (channel.read(buffer) <= 0) {
            return;
          }
          used = System.nanoTime();
          toGuest(flow.address(), flow.port(), flow.guestPort(), buffer.flip());
        }
      } catch (IOException e) {
        // Nobody is there; UDP has no better way to say so than silence.
        log.debug("{} does not take datagrams: {}", flow, e.toString());
        flows.remove(flow, this);
        Channels.close(channel);
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
