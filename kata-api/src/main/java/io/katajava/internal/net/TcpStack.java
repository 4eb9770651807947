package io.katajava.internal.net;

import io.katajava.SandboxEvent.NetworkLimit;
import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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

  /** How long a far end may be silent when there is no room for another one. */
  private static final long DIALLING_PATIENCE = TimeUnit.SECONDS.toNanos(3);

  /** How long a peer of a published port may say nothing when there is no room for another one. */
  private static final long SILENT_PATIENCE = TimeUnit.SECONDS.toNanos(10);

  /** How long nothing may move when there is no room for another connection. */
  private static final long IDLE_PATIENCE = TimeUnit.SECONDS.toNanos(300);

  /** So many are ended together, and so long nobody looks again when there was none. */
  private static final int EVICTED_AT_ONCE = 16;

  private static final long FRUITLESS = TimeUnit.MILLISECONDS.toNanos(100);

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

  /** What there is where the guest wants to. */
  enum Way {
    /** Nothing, or nothing for the guest. */
    NONE,
    /** It is not known yet whether the guest may; it will ask again. */
    LATER,
    /** A service of the gateway's own. */
    SERVICE,
    /** A socket of the host leads there. */
    SOCKET
  }

  /**
   * Where a connection goes on.
   *
   * @param end the far end
   * @param socket whether it is a socket of the budget
   * @param inward whether it came in at a published port
   * @param peer who is there, as far as that tells one from another
   */
  record Far(FarEnd end, boolean socket, boolean inward, @Nullable Object peer) {
    Object peerAddress() {
      return peer == null ? "" : peer;
    }
  }

  /** The system gives no descriptor for a socket. */
  static final class NoDescriptorException extends SocketException {
    private static final long serialVersionUID = 1;

    NoDescriptorException(IOException cause) {
      super(PrintableText.lines(String.valueOf(cause.getMessage())));
      initCause(cause);
    }
  }

  /** Connects what the guest wants to be connected to. */
  interface Dialler {
    Way way(Ip address, int port);

    /** The far end, which may be connecting still. */
    FarEnd dial(Ip address, int port) throws IOException;

    /** Tells the guest by ICMP that its packet went nowhere, before the connection is reset. */
    void unreachable(Endpoints endpoints);
  }

  private final GuestFrames frames;
  private final Channels channels;
  private final Dialler dialler;
  private final NetworkLimits limits;
  private final SocketBudget.Share sockets;
  private final Ring.Budget budget = new Ring.Budget(BUFFERS);
  private final SecureRandom random = new SecureRandom();
  private final Map<Endpoints, TcpConnection> connections = new HashMap<>();
  private final Set<TcpConnection> owing = new LinkedHashSet<>();
  private final Set<TcpConnection> blocked = new LinkedHashSet<>();
  private final TcpSegment segment = new TcpSegment();
  private final Map<FarAddress, Integer> halfOpen = new HashMap<>();
  private final Map<Endpoints, ListenerProbe> probes = new HashMap<>();
  private final int[] open = new int[2];
  private volatile int openInAll;
  private final AtomicInteger halfOpenInAll = new AtomicInteger();
  private long fruitlessUntil = System.nanoTime();
  private int nextPort = random.nextInt(EPHEMERAL);

  private record FarAddress(Ip address, int port) {}

  TcpStack(
      GuestFrames frames,
      Channels channels,
      Dialler dialler,
      NetworkLimits limits,
      SocketBudget.Share sockets) {
    this.frames = frames;
    this.channels = channels;
    this.dialler = dialler;
    this.limits = limits;
    this.sockets = sockets;
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

  int largestSegment(Endpoints endpoints) {
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
    Endpoints endpoints = new Endpoints(to, in.destinationPort, from, in.sourcePort);
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

  private void open(Endpoints endpoints, TcpSegment syn) {
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
      put(TcpConnection.dialling(this, endpoints, new Far(host, socket, false, null), syn));
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
  private boolean hasRoomFor(Endpoints endpoints) {
    int most = Math.min(MOST_HALF_OPEN, Math.max(2, sockets.limit() / 2));
    FarAddress far = new FarAddress(endpoints.address(), endpoints.port());
    // One dead service leaves room for others.
    if (halfOpen.getOrDefault(far, 0) >= most / 2) {
      limits.reached(
          NetworkLimit.HALF_OPEN, "connections to " + far.address() + " port " + far.port());
      return false;
    }
    if (halfOpenInAll.get() >= most && evict(EnumSet.of(Of.HALF_OPEN)) == 0) {
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
    if (evict(inward ? EnumSet.of(Of.SILENT, Of.IDLE_INWARD) : EnumSet.of(Of.HALF_OPEN, Of.IDLE))
        > 0) {
      return false;
    }
    limits.reached(
        NetworkLimit.CONNECTIONS, inward ? "connections to the guest" : "connections of the guest");
    return true;
  }

  private boolean takeSocket(String what) {
    if (sockets.take() || (evict(EnumSet.allOf(Of.class)) > 0 && sockets.take())) {
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
      Endpoints endpoints = one.endpoints();
      if (!one.far().inward() && dialler.way(endpoints.address(), endpoints.port()) == Way.NONE) {
        one.abort();
      }
    }
  }

  /** Kinds of connections that are ended for others. */
  enum Of {
    HALF_OPEN(DIALLING_PATIENCE),
    SILENT(SILENT_PATIENCE),
    IDLE(IDLE_PATIENCE),
    IDLE_INWARD(IDLE_PATIENCE);

    /** How long nothing came before it counts as of no use, in nanoseconds. */
    final long patience;

    Of(long patience) {
      this.patience = patience;
    }
  }

  /** Ends some that are of no use; of silent peers those first that have the most. */
  private int evict(EnumSet<Of> kinds) {
    long now = System.nanoTime();
    if (now - fruitlessUntil < 0) {
      return 0;
    }
    Map<Object, Integer> peers = new HashMap<>();
    connections.values().forEach(one -> peers.merge(one.far().peerAddress(), 1, Integer::sum));
    List<TcpConnection> victims =
        connections.values().stream()
            .filter(one -> isUseless(one, kinds, now))
            .sorted(
                Comparator.<TcpConnection>comparingInt(
                        one ->
                            one.far().inward()
                                ? -peers.getOrDefault(one.far().peerAddress(), 0)
                                : 0)
                    .thenComparingLong(one -> one.used() - now))
            .limit(EVICTED_AT_ONCE)
            .toList();
    for (TcpConnection victim : victims) {
      limits.evicted();
      victim.abort();
    }
    if (victims.isEmpty()) {
      fruitlessUntil = now + FRUITLESS;
    }
    return victims.size();
  }

  private static boolean isUseless(TcpConnection one, EnumSet<Of> kinds, long now) {
    Of kind = kindOf(one.isDialling(), one.far().inward(), one.hasHostSpoken());
    return kinds.contains(kind) && now - one.used() > kind.patience;
  }

  static Of kindOf(boolean dialling, boolean inward, boolean hostHasSpoken) {
    if (dialling) {
      return Of.HALF_OPEN;
    }
    if (inward) {
      return hostHasSpoken ? Of.IDLE_INWARD : Of.SILENT;
    }
    return Of.IDLE;
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
      Endpoints endpoints = free(address, guestAddress, guestPort);
      put(TcpConnection.accepted(this, endpoints, new Far(host, true, true, peer)));
    } catch (IOException | RuntimeException e) {
      debug("a connection to guest port " + guestPort + " is dropped", e);
      if (taken) {
        sockets.give();
      }
      host.reset();
    }
  }

  private Endpoints free(Ip address, Ip guestAddress, int guestPort) {
    Endpoints endpoints;
    do {
      nextPort = (nextPort + 1) % EPHEMERAL;
      endpoints = new Endpoints(address, FIRST_EPHEMERAL + nextPort, guestAddress, guestPort);
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
    Endpoints endpoints = free(address, guestAddress, guestPort);
    ListenerProbe probe = new ListenerProbe(this, frames, endpoints, told);
    probes.put(endpoints, probe);
    probe.ask();
  }

  void forget(ListenerProbe probe) {
    probes.remove(probe.endpoints(), probe);
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

  void unreachable(Endpoints endpoints) {
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
