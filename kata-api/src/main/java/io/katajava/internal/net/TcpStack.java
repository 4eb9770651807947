package io.katajava.internal.net;

import io.katajava.SandboxEvent.NetworkLimit;
import io.katajava.internal.net.TcpDialler.Way;
import io.katajava.internal.net.TcpEviction.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The TCP connections of one guest. Used by the network's thread alone. */
final class TcpStack {
  private static final Logger log = LoggerFactory.getLogger(TcpStack.class);

  /** Connections at once from the guest, and as many to it; what is beyond is reset. */
  static final int MOST_CONNECTIONS = 1024;

  /** Of the guest's connections, how many may wait for their far end. */
  static final int MOST_HALF_OPEN = 256;

  private static final long BUFFERS = 64L << 20;
  private static final int FIRST_EPHEMERAL = 32768;
  private static final int EPHEMERAL = 28232;

  private final GuestFrames frames;
  private final Channels channels;
  private final TcpDialler dialler;
  private final NetworkLimits limits;
  private final SocketBudget.Share sockets;
  private final TcpEviction eviction;
  private final Ring.Budget budget = new Ring.Budget(BUFFERS);
  private final SecureRandom random = new SecureRandom();
  private final Map<TcpEndpoints, TcpConnection> connections = new HashMap<>();
  private final Set<TcpConnection> owing = new LinkedHashSet<>();
  private final Set<TcpConnection> blocked = new LinkedHashSet<>();
  private final TcpSegment segment = new TcpSegment();
  private final Map<FarAddress, Integer> halfOpen = new HashMap<>();
  private final Map<TcpEndpoints, ListenerProbe> probes = new HashMap<>();
  private final int[] open = new int[2];
  private volatile int openInAll;
  private final AtomicInteger halfOpenInAll = new AtomicInteger();
  private int nextPort = random.nextInt(EPHEMERAL);

  private record FarAddress(Ip address, int port) {}

  TcpStack(
      GuestFrames frames,
      Channels channels,
      TcpDialler dialler,
      NetworkLimits limits,
      SocketBudget.Share sockets) {
    this.frames = frames;
    this.channels = channels;
    this.dialler = dialler;
    this.limits = limits;
    this.sockets = sockets;
    this.eviction = new TcpEviction(limits);
  }

  /** Of any thread. */
  int connections() {
    return openInAll;
  }

  /** Of any thread. */
  int halfOpen() {
    return halfOpenInAll.get();
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

  int largestSegment(TcpEndpoints endpoints) {
    return frames.longestPayload(endpoints.address()) - Packets.TCP;
  }

  boolean isIdle() {
    return connections.isEmpty() && probes.isEmpty();
  }

  /** A packet for an address that is not the guest's own. */
  void receive(ByteBuffer frame, int at, int size, Ip from, Ip to) {
    TcpSegment in = segment;
    if (!in.read(frame, at, size)) {
      return;
    }
    TcpEndpoints endpoints = new TcpEndpoints(to, in.destinationPort, from, in.sourcePort);
    TcpConnection known = connections.get(endpoints);
    ListenerProbe probe = probes.get(endpoints);
    if (known != null) {
      known.segment(in);
    } else if (probe != null) {
      probe.answered(in);
    } else if (in.has(Packets.SYN) && !in.has(Packets.ACK) && !in.has(Packets.RST)) {
      open(endpoints, in);
    } else if (!in.has(Packets.RST)) {
      reset(
          endpoints,
          in.has(Packets.ACK) ? in.acknowledgment : 0,
          in.sequence + in.length + (in.has(Packets.SYN) ? 1 : 0) + (in.has(Packets.FIN) ? 1 : 0));
    }
  }

  private void open(TcpEndpoints endpoints, TcpSegment syn) {
    Way way = dialler.way(endpoints.address(), endpoints.port());
    if (way == Way.LATER) {
      return;
    }
    boolean socket = way == Way.SOCKET;
    // Not by ICMP: the guest's kernel overlooks that while it is still in connect(2).
    if (way == Way.NONE || (socket ? !hasRoomFor(endpoints) : isFull(false))) {
      reset(endpoints, 0, syn.sequence + 1);
      return;
    }
    FarEnd host = null;
    try {
      host = dialler.dial(endpoints.address(), endpoints.port());
      put(TcpConnection.dialling(this, endpoints, new TcpFar(host, socket, false, null), syn));
    } catch (IOException | RuntimeException e) {
      debug("cannot connect to " + endpoints, e);
      if (host != null) {
        host.close();
      } else if (socket && e instanceof NoDescriptorException) {
        limits.reached(NetworkLimit.DESCRIPTORS, "a connection to " + endpoints + ": " + e);
      }
      if (socket) {
        sockets.give();
      }
      if (isUnreachable(e)) {
        dialler.unreachable(endpoints);
      }
      reset(endpoints, 0, syn.sequence + 1);
    }
  }

  /** Neither refused nor out of time: no packet gets there. */
  static boolean isUnreachable(Exception e) {
    return e instanceof NoRouteToHostException
        || (e instanceof SocketException
            && !(e instanceof ConnectException)
            && !(e instanceof NoDescriptorException));
  }

  /** Takes a socket of the budget when there is room for one more of the guest's connections. */
  private boolean hasRoomFor(TcpEndpoints endpoints) {
    int most = Math.min(MOST_HALF_OPEN, Math.max(2, sockets.limit() / 2));
    FarAddress far = new FarAddress(endpoints.address(), endpoints.port());
    // One dead service leaves room for others.
    if (halfOpen.getOrDefault(far, 0) >= most / 2) {
      limits.reached(
          NetworkLimit.HALF_OPEN, "connections to " + far.address() + " port " + far.port());
      return false;
    }
    if (halfOpenInAll.get() >= most && evict(EnumSet.of(Kind.HALF_OPEN)) == 0) {
      limits.reached(NetworkLimit.HALF_OPEN, "connections of the guest");
      return false;
    }
    return !isFull(false) && takeSocket("a connection to " + endpoints.address());
  }

  /** Whether one direction has as many as it may, after what is of no use was ended. */
  private boolean isFull(boolean inward) {
    if (open[inward ? 1 : 0] < MOST_CONNECTIONS) {
      return false;
    }
    if (evict(
            inward
                ? EnumSet.of(Kind.SILENT, Kind.IDLE_INWARD)
                : EnumSet.of(Kind.HALF_OPEN, Kind.IDLE))
        > 0) {
      return false;
    }
    limits.reached(
        NetworkLimit.CONNECTIONS, inward ? "connections to the guest" : "connections of the guest");
    return true;
  }

  private int evict(EnumSet<Kind> kinds) {
    return eviction.evict(connections.values(), kinds);
  }

  private boolean takeSocket(String what) {
    if (sockets.take() || (evict(EnumSet.allOf(Kind.class)) > 0 && sockets.take())) {
      return true;
    }
    limits.reached(NetworkLimit.DESCRIPTORS, what);
    return false;
  }

  private void put(TcpConnection connection) {
    connections.put(connection.endpoints(), connection);
    open[connection.far().inward() ? 1 : 0]++;
    openInAll = connections.size();
    if (connection.isDialling()) {
      halfOpenInAll.incrementAndGet();
      halfOpen.merge(farAddress(connection), 1, Integer::sum);
    }
  }

  private static FarAddress farAddress(TcpConnection connection) {
    return new FarAddress(connection.endpoints().address(), connection.endpoints().port());
  }

  /** Its far end has answered, or never will. */
  void dialled(TcpConnection connection) {
    if (connections.get(connection.endpoints()) == connection) {
      halfOpenInAll.decrementAndGet();
      halfOpen.computeIfPresent(
          farAddress(connection), (key, count) -> count < 2 ? null : count - 1);
    }
  }

  /** Ends connections to what has become known to be denied. */
  void endDenied() {
    for (TcpConnection one : List.copyOf(connections.values())) {
      TcpEndpoints endpoints = one.endpoints();
      if (!one.far().inward() && dialler.way(endpoints.address(), endpoints.port()) == Way.NONE) {
        one.abort();
      }
    }
  }

  /** A program of the host wants to talk to a port of the guest, which sees our address. */
  void accepted(FarEnd host, Object peer, Ip address, Ip guestAddress, int guestPort) {
    boolean taken = false;
    try {
      // The system has accepted it: only a reset says that nobody was there for it.
      if (isFull(true)) {
        host.reset();
        return;
      }
      taken = takeSocket("a connection to port " + guestPort + " of the guest");
      if (!taken) {
        host.reset();
        return;
      }
      TcpEndpoints endpoints = free(address, guestAddress, guestPort);
      put(TcpConnection.accepted(this, endpoints, new TcpFar(host, true, true, peer)));
    } catch (IOException | RuntimeException e) {
      debug("a connection to guest port " + guestPort + " is dropped", e);
      if (taken) {
        sockets.give();
      }
      host.reset();
    }
  }

  private TcpEndpoints free(Ip address, Ip guestAddress, int guestPort) {
    TcpEndpoints endpoints;
    do {
      nextPort = (nextPort + 1) % EPHEMERAL;
      endpoints = new TcpEndpoints(address, FIRST_EPHEMERAL + nextPort, guestAddress, guestPort);
    } while (connections.containsKey(endpoints) || probes.containsKey(endpoints));
    return endpoints;
  }

  /**
   * Asks whether the guest listens at a port: without a connection, so that no program there
   * notices.
   *
   * @param told whether it does; false also when it does not answer
   */
  void probe(Ip address, Ip guestAddress, int guestPort, Consumer<Boolean> told) {
    TcpEndpoints endpoints = free(address, guestAddress, guestPort);
    ListenerProbe probe = new ListenerProbe(this, frames, endpoints, told);
    probes.put(endpoints, probe);
    probe.ask();
  }

  void forget(ListenerProbe probe) {
    probes.remove(probe.endpoints(), probe);
  }

  /** The buffer for a segment, headers written up to TCP's; null when the link is full. */
  @Nullable ByteBuffer begin(
      TcpConnection connection, TcpEndpoints endpoints, int options, int length) {
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
  void reset(TcpEndpoints endpoints, int sequence, int acknowledgment) {
    ByteBuffer to =
        frames.begin(
            Packets.PROTOCOL_TCP, endpoints.address(), endpoints.guestAddress(), Packets.TCP);
    if (to != null) {
      TcpSegment.Header header =
          new TcpSegment.Header(endpoints, Packets.RST | Packets.ACK, sequence, acknowledgment, 0);
      TcpSegment.write(to, header, -1, -1, null, 0, 0);
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
    if (connections.remove(connection.endpoints(), connection)) {
      open[connection.far().inward() ? 1 : 0]--;
      openInAll = connections.size();
      if (connection.far().socket()) {
        sockets.give();
      }
    }
    blocked.remove(connection);
    owing.remove(connection);
  }

  void unreachable(TcpEndpoints endpoints) {
    dialler.unreachable(endpoints);
  }

  void tick(long now) {
    List.copyOf(probes.values()).forEach(probe -> probe.tick(now));
    new ArrayList<>(connections.values()).forEach(connection -> connection.tick(now));
  }

  void close() {
    List.copyOf(probes.values()).forEach(ListenerProbe::giveUp);
    new ArrayList<>(connections.values()).forEach(TcpConnection::abort);
  }

  void debug(String what, Exception e) {
    log.debug("{}: {}", what, e.toString());
  }
}
