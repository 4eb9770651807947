package io.katajava.internal.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The TCP connections of one guest. Used by the network's thread alone. */
final class TcpStack {
  private static final Logger log = LoggerFactory.getLogger(TcpStack.class);

  /** Connections at once; a guest that wants more is refused. */
  static final int MOST_CONNECTIONS = 1024;

  private static final long BUFFERS = 64L << 20;
  private static final int FIRST_EPHEMERAL = 32768;
  private static final int EPHEMERAL = 28232;

  /**
   * The two ends of a connection as the guest sees them.
   *
   * @param address the address the guest talks to
   * @param port its port
   * @param guestAddress the guest's own address
   * @param guestPort its port
   */
  record Endpoints(Ip address, int port, Ip guestAddress, int guestPort) {
    @Override
    public String toString() {
      return address + " port " + port + " of guest port " + guestPort;
    }
  }

  /** Connects what the guest wants to be connected to. */
  interface Dialler {
    /** The far end, which may be connecting still, or null when the guest may not. */
    @Nullable FarEnd dial(Ip address, int port) throws IOException;
  }

  private final GuestFrames frames;
  private final Channels channels;
  private final Dialler dialler;
  private final Ring.Budget budget = new Ring.Budget(BUFFERS);
  private final SecureRandom random = new SecureRandom();
  private final Map<Endpoints, TcpConnection> connections = new HashMap<>();
  private final Set<TcpConnection> owing = new LinkedHashSet<>();
  private final Set<TcpConnection> blocked = new LinkedHashSet<>();
  private final TcpConnection.Segment segment = new TcpConnection.Segment();
  private int nextPort = random.nextInt(EPHEMERAL);

  TcpStack(GuestFrames frames, Channels channels, Dialler dialler) {
    this.frames = frames;
    this.channels = channels;
    this.dialler = dialler;
  }

  Ring.Budget budget() {
    return budget;
  }

  Channels channels() {
    return channels;
  }

  int initialSequence() {
    return random.nextInt();
  }

  int largestSegment(Endpoints endpoints) {
    return frames.longestPayload(endpoints.address()) - Packets.TCP;
  }

  boolean isIdle() {
    return connections.isEmpty();
  }

  /** A packet for an address that is not the guest's own. */
  void receive(ByteBuffer frame, int at, int size, Ip from, Ip to) {
    TcpConnection.Segment in = segment;
    if (!in.read(frame, at, size)) {
      return;
    }
    Endpoints endpoints = new Endpoints(to, in.destinationPort, from, in.sourcePort);
    TcpConnection known = connections.get(endpoints);
    if (known != null) {
      known.segment(in);
    } else if (in.has(Packets.SYN) && !in.has(Packets.ACK) && !in.has(Packets.RST)) {
      open(endpoints, in);
    } else if (!in.has(Packets.RST)) {
      reset(
          endpoints,
          in.has(Packets.ACK) ? in.acknowledgment : 0,
          in.sequence + in.length + (in.has(Packets.SYN) ? 1 : 0) + (in.has(Packets.FIN) ? 1 : 0));
    }
  }

  private void open(Endpoints endpoints, TcpConnection.Segment syn) {
    if (connections.size() >= MOST_CONNECTIONS) {
      log.debug("a guest has {} connections and may not have more", connections.size());
      reset(endpoints, 0, syn.sequence + 1);
      return;
    }
    FarEnd host = null;
    try {
      host = dialler.dial(endpoints.address(), endpoints.port());
      if (host == null) {
        // Not by ICMP: the guest's kernel overlooks that while it is still in connect(2).
        reset(endpoints, 0, syn.sequence + 1);
      } else {
        connections.put(endpoints, TcpConnection.dialling(this, endpoints, host, syn));
      }
    } catch (IOException | RuntimeException e) {
      debug("cannot connect to " + endpoints, e);
      if (host != null) {
        host.close();
      }
      reset(endpoints, 0, syn.sequence + 1);
    }
  }

  /** A program of the host wants to talk to a port of the guest, which sees our address. */
  void accepted(FarEnd host, Ip address, Ip guestAddress, int guestPort) {
    try {
      if (connections.size() >= MOST_CONNECTIONS) {
        throw new IOException("the guest has " + connections.size() + " connections already");
      }
      Endpoints endpoints;
      do {
        nextPort = (nextPort + 1) % EPHEMERAL;
        endpoints = new Endpoints(address, FIRST_EPHEMERAL + nextPort, guestAddress, guestPort);
      } while (connections.containsKey(endpoints));
      connections.put(endpoints, TcpConnection.accepted(this, endpoints, host));
    } catch (IOException e) {
      debug("a connection to guest port " + guestPort + " is dropped", e);
      host.close();
    }
  }

  /** The buffer for a segment, headers written up to TCP's; null when the link is full. */
  @Nullable ByteBuffer begin(
      TcpConnection connection, Endpoints endpoints, int options, int length) {
    ByteBuffer to =
        frames.begin(
            Packets.PROTOCOL_TCP,
            endpoints.address(),
            endpoints.guestAddress(),
            Packets.TCP + options + length);
    if (to == null) {
      blocked.add(connection);
    }
    return to;
  }

  /** Tells the guest that there is no such connection. */
  void reset(Endpoints endpoints, int sequence, int acknowledgment) {
    ByteBuffer to =
        frames.begin(
            Packets.PROTOCOL_TCP, endpoints.address(), endpoints.guestAddress(), Packets.TCP);
    if (to != null) {
      TcpConnection.Segment.Header header =
          new TcpConnection.Segment.Header(
              endpoints, Packets.RST | Packets.ACK, sequence, acknowledgment, 0);
      TcpConnection.Segment.write(to, header, -1, -1, null, 0, 0);
    }
  }

  void owes(TcpConnection connection) {
    owing.add(connection);
  }

  /** After a batch of frames was read or written: acknowledgments, and what had no room before. */
  void settle(boolean room) {
    if (room && !blocked.isEmpty()) {
      List<TcpConnection> again = new ArrayList<>(blocked);
      blocked.clear();
      again.forEach(TcpConnection::output);
    }
    if (!owing.isEmpty()) {
      List<TcpConnection> again = new ArrayList<>(owing);
      owing.clear();
      again.forEach(TcpConnection::sendOwed);
    }
  }

  boolean isBlocked() {
    return !blocked.isEmpty();
  }

  void remove(TcpConnection connection) {
    connections.remove(connection.endpoints(), connection);
    blocked.remove(connection);
    owing.remove(connection);
  }

  void tick(long now) {
    new ArrayList<>(connections.values()).forEach(connection -> connection.tick(now));
  }

  void close() {
    new ArrayList<>(connections.values()).forEach(TcpConnection::abort);
  }

  void debug(String what, Exception e) {
    log.debug("{}: {}", what, e.toString());
  }
}
