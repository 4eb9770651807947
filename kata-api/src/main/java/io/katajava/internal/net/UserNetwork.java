package io.katajava.internal.net;

import io.katajava.IpFamily;
import io.katajava.Network.Mapping;
import io.katajava.NetworkStatistics;
import io.katajava.PublishedPort;
import io.katajava.SandboxEvent;
import io.katajava.base.threads.OwnedThreads;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network of one guest. One thread does everything, so nothing is locked; it never blocks. What
 * comes from the guest is taken as hostile: whatever cannot be understood is dropped, and
 * connections, flows, buffers and events are limited.
 */
public final class UserNetwork implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(UserNetwork.class);
  private static final long TICK_MILLIS = 100;
  private static final long CLOSE_LIMIT_MILLIS = 5000;

  private final UserNetworkSettings settings;
  private final Selector selector;
  private final Channels channels;
  private final GuestSide guest;
  private final TcpStack tcp;
  private final UdpStack udp;
  private final DnsProxy dns;
  private final EgressCheck egress;
  private final NetworkLimits limits;
  private final SocketBudget.Share sockets;
  private final DeniedNames denied;
  private final PublishedPorts ports;
  private final Consumer<SandboxEvent> events;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean closed;
  private @Nullable ServerSocketChannel listener;
  private @Nullable Acceptor link;

  private UserNetwork(
      UserNetworkSettings settings,
      Selector selector,
      Consumer<SandboxEvent> events,
      Executor blocking,
      Predicate<Ip> ways,
      SocketBudget budget) {
    this.events = events;
    this.settings = settings;
    this.selector = selector;
    this.channels = new Channels(selector);
    this.egress = new EgressCheck(settings.egress());
    this.limits = new NetworkLimits(events);
    this.sockets = budget.share(channels::reap);
    Refusals refusals = new Refusals(events, limits);
    this.guest = new GuestSide(settings, this::packet);
    this.dns =
        new DnsProxy(
            channels, egress, refusals, settings, ways, limits, sockets, blocking, this::execute);
    this.tcp =
        new TcpStack(
            guest,
            channels,
            new GuestDialler(settings, egress, refusals, dns, guest),
            limits,
            sockets);
    this.udp =
        new UdpStack(guest, channels, new DatagramGate(egress, refusals, guest), limits, sockets);
    this.denied =
        new DeniedNames(
            egress,
            settings.ipv6().isPresent() ? EnumSet.allOf(IpFamily.class) : EnumSet.of(IpFamily.IPV4),
            dns::lookUp);
    egress.whenNarrowed(
        () -> {
          tcp.endDenied();
          udp.endDenied();
        });
    this.ports = new PublishedPorts(settings, channels, tcp, udp, limits, this::execute);
    this.thread =
        OwnedThreads.make(
            "kata-net-" + settings.label(),
            this::run,
            problem -> log.error("the network of {} has ended: {}", settings.label(), problem));
  }

  /**
   * Opens a network. Nothing listens yet.
   *
   * @param settings what it is made of
   * @param events is told of refused attempts; must not block
   * @param blocking runs what may block, such as the host's resolver
   * @return the network, to be closed
   * @throws IOException if the system has no more descriptors
   */
  public static UserNetwork open(
      UserNetworkSettings settings, Consumer<SandboxEvent> events, Executor blocking)
      throws IOException {
    return open(settings, events, blocking, HostRoutes::lead);
  }

  /** With another view of which IPv6 addresses there is a way to. */
  static UserNetwork open(
      UserNetworkSettings settings,
      Consumer<SandboxEvent> events,
      Executor blocking,
      Predicate<Ip> ways)
      throws IOException {
    UserNetwork network =
        new UserNetwork(settings, Selector.open(), events, blocking, ways, SocketBudget.OF_THE_JVM);
    network.thread.start();
    return network;
  }

  /**
   * Waits for the hypervisor at a socket. The first that connects is the guest's link.
   *
   * @param socket where to listen
   * @throws IOException if that cannot be done
   */
  public void listen(Path socket) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(socket), 1);
      server.configureBlocking(false);
    } catch (IOException e) {
      server.close();
      throw e;
    }
    execute(
        () -> {
          listener = server;
          try {
            link = new Acceptor(server, channels, limits, channel -> linkUp(server, channel));
          } catch (IOException e) {
            log.warn("the network of {} cannot be connected", settings.label(), e);
            Channels.close(server);
          }
        });
  }

  private void linkUp(ServerSocketChannel server, SocketChannel channel) throws IOException {
    SelectionKey key = channels.register(channel, SelectionKey.OP_READ, this::receive);
    guest.connect(new FrameLink(channel, key));
    Channels.close(server);
    listener = null;
    link = null;
  }

  /**
   * Publishes a port.
   *
   * @param port what, and where
   * @return where it is
   * @throws IOException if the host's port cannot be had
   */
  public Mapping publish(PublishedPort port) throws IOException {
    return ports.publish(port);
  }

  /**
   * Ends a publication. Connections that exist go on.
   *
   * @param protocol of the port
   * @param guestPort the port
   * @return whether it was published
   */
  public boolean unpublish(PublishedPort.Protocol protocol, int guestPort) {
    return ports.unpublish(protocol, guestPort);
  }

  /**
   * What is published.
   *
   * @return a snapshot
   */
  public List<Mapping> published() {
    return ports.published();
  }

  /**
   * What is open and what was refused.
   *
   * @return a snapshot
   */
  public NetworkStatistics statistics() {
    return limits.statistics(tcp.connections(), tcp.halfOpen(), udp.flows(), sockets);
  }

  /**
   * Asks whether the guest listens at a TCP port; no program there notices.
   *
   * @param guestPort the port
   * @return to come within seconds; false also when the guest does not answer
   */
  public CompletableFuture<Boolean> isListening(int guestPort) {
    CompletableFuture<Boolean> told = new CompletableFuture<>();
    ended.thenRun(() -> told.complete(false));
    execute(
        () -> {
          UserNetworkSettings.Ends ends = settings.ipv4();
          tcp.probe(ends.gateway(), ends.guest(), guestPort, told::complete);
        });
    return told;
  }

  private void execute(Runnable task) {
    tasks.add(task);
    selector.wakeup();
  }

  private void run() {
    long ticked = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
    try {
      while (!closed) {
        selector.select(isIdle() ? denied.dueInMillis(System.nanoTime()) : TICK_MILLIS);
        sockets.reaped();
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
          attempt(task, null);
        }
        // A copy: who closes something at once makes the selector look again.
        List<SelectionKey> selected = List.copyOf(selector.selectedKeys());
        selector.selectedKeys().clear();
        for (SelectionKey key : selected) {
          if (key.isValid()) {
            attempt(((Channels.Handler) key.attachment())::ready, key);
          }
        }
        settle();
        long now = System.nanoTime();
        if (now - ticked >= TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS)) {
          ticked = now;
          tick(now);
          settle();
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      lost(e);
    } finally {
      end();
    }
  }

  private void tick(long now) {
    tcp.tick(now);
    udp.tick(now);
    dns.tick(now);
    denied.tick(now);
    ports.tick(now);
    Acceptor waiting = link;
    if (waiting != null) {
      waiting.tick(now);
    }
  }

  /** A fault of ours with one connection, or one that is too large, must not take the others. */
  private void attempt(Runnable task, @Nullable SelectionKey of) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      if (of != null) {
        Channels.close(of.channel());
      }
      log.error("a connection of {} is dropped", settings.label(), e);
    }
  }

  private void lost(Throwable e) {
    try {
      events.accept(new SandboxEvent.NetworkLost(Instant.now(), e.toString()));
    } finally {
      log.error("the network of {} broke", settings.label(), e);
    }
  }

  private boolean isIdle() {
    Acceptor waiting = link;
    return tcp.isIdle()
        && udp.isIdle()
        && dns.isIdle()
        && ports.isIdle()
        && (waiting == null || !waiting.isResting());
  }

  private void settle() {
    tcp.settle(false);
    try {
      boolean room = guest.flush();
      while (room && tcp.isBlocked()) {
        tcp.settle(true);
        room = guest.flush();
      }
    } catch (IOException e) {
      linkDown(e.toString());
    }
  }

  private void receive() {
    try {
      if (!guest.receive()) {
        linkDown("the hypervisor closed it");
      }
    } catch (IOException e) {
      linkDown(e.toString());
    }
  }

  /** Without the guest there is nobody to talk to. */
  private void linkDown(String why) {
    log.debug("the link of {} is down: {}", settings.label(), why);
    guest.disconnect();
    tcp.close();
  }

  private void end() {
    closed = true;
    ended.complete(null);
    List<Runnable> steps =
        List.of(
            ports::close,
            tcp::close,
            udp::close,
            dns::close,
            guest::disconnect,
            this::closeChannels,
            sockets::close);
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException | Error e) {
        log.error("a part of the network of {} ended with an error", settings.label(), e);
      }
    }
    try {
      selector.close();
    } catch (IOException e) {
      log.debug("the selector of {} was closed with an error", settings.label(), e);
    }
  }

  private void closeChannels() {
    ServerSocketChannel server = listener;
    if (server != null) {
      Channels.close(server);
    }
    if (selector.isOpen()) {
      selector.keys().forEach(key -> Channels.close(key.channel()));
    }
  }

  // What the guest sends.

  /** A packet of the guest; the transport header begins at {@code at}. */
  private void packet(ByteBuffer frame, int protocol, int at, int size, Ip from, Ip to) {
    if (protocol == Packets.PROTOCOL_TCP) {
      tcp.receive(frame, at, size, from, to);
    } else if (protocol == Packets.PROTOCOL_UDP) {
      datagram(frame, at, size, to);
    }
  }

  private void datagram(ByteBuffer frame, int at, int size, Ip to) {
    if (size < Packets.UDP) {
      return;
    }
    int from = frame.getShort(at) & 0xffff;
    int port = frame.getShort(at + 2) & 0xffff;
    int length = frame.getShort(at + 4) & 0xffff;
    if (length < Packets.UDP || length > size) {
      return;
    }
    ByteBuffer data = frame.duplicate().limit(at + length).position(at + Packets.UDP);
    if (!settings.isGateway(to)) {
      udp.receive(frame, data, from, to, port);
    } else if (port == DnsProxy.PORT) {
      dns.datagram(
          data,
          guest.longestPayload(to) - Packets.UDP,
          answer -> udp.toGuest(to, DnsProxy.PORT, from, answer));
    } else if (!udp.answer(data, from, port)) {
      guest.unreachable(frame, FamilySide.Unreachable.PORT);
    }
  }

  /** Ends all connections and the thread. Idempotent. */
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    boolean interrupted = false;
    try {
      thread.join(CLOSE_LIMIT_MILLIS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
