package io.katajava.internal.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.EgressPolicy;
import io.katajava.Network;
import io.katajava.PublishedPort;
import io.katajava.SandboxEvent;
import io.katajava.internal.net.FakeGuestLink.Packet;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class UserNetworkTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final int SERVICE = 5000;
  private static final Ip GATEWAY = FakeGuestLink.GATEWAY;
  private static final Ip LOCAL = Ip.parse("127.0.0.1");
  private static final byte[] NOTHING = {};

  private final LinkedBlockingQueue<SandboxEvent> events = new LinkedBlockingQueue<>();
  private ExecutorService blocking;
  private Path directory;
  private ServerSocket service;
  private UserNetwork network;
  private FakeGuestLink guest;

  @BeforeEach
  void open() throws IOException {
    // Not JUnit's directory: a socket's path must be short.
    directory = Files.createTempDirectory("net");
    blocking = Executors.newSingleThreadExecutor();
    service = new ServerSocket(0, 50, LOOPBACK);
    network =
        UserNetwork.open(
            new UserNetworkSettings(
                "test",
                new UserNetworkSettings.Ends(FakeGuestLink.GUEST, GATEWAY),
                Optional.empty(),
                1500,
                FakeGuestLink.MAC,
                EgressPolicy.denyAll().allow("127.0.0.0/8"),
                List.of(
                    new Network.Relay(
                        Optional.of("db"), SERVICE, Optional.empty(), service.getLocalPort())),
                Map.of("db", List.of(GATEWAY)),
                List.of()),
            events::add,
            blocking);
    Path socket = directory.resolve("s");
    network.listen(socket);
    guest = new FakeGuestLink(socket);
  }

  @AfterEach
  void close() throws Exception {
    guest.close();
    network.close();
    service.close();
    blocking.shutdownNow();
    assertThat(blocking.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    Files.delete(directory.resolve("s"));
    Files.delete(directory);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("kata-net-test"));
  }

  /** Opens a connection from that port of the guest; returns the network's next number. */
  private int connect(int from, int sequence) throws Exception {
    guest.tcp(GATEWAY, from, SERVICE, Packets.SYN, sequence, 0, NOTHING);
    Packet answer = guest.next(Packets.SYN | Packets.ACK);
    assertThat(answer.acknowledgment()).isEqualTo(sequence + 1);
    int next = answer.sequence() + 1;
    guest.tcp(GATEWAY, from, SERVICE, Packets.ACK, sequence + 1, next, NOTHING);
    return next;
  }

  @Test
  void connection_dataAndEndsBothWays_areCarriedAndAcknowledged() throws Exception {
    // The numbers wrap around on the way.
    int mine = -3;
    int theirs = connect(40000, mine);
    try (Socket host = service.accept()) {
      mine++;
      byte[] hello = "hello, host".getBytes(UTF_8);
      guest.tcp(GATEWAY, 40000, SERVICE, Packets.ACK | Packets.PSH, mine, theirs, hello);
      assertThat(host.getInputStream().readNBytes(hello.length)).isEqualTo(hello);
      mine += hello.length;
      assertThat(guest.next(Packets.ACK).acknowledgment()).isEqualTo(mine);

      // Once more: it is acknowledged again, and not carried twice.
      guest.tcp(GATEWAY, 40000, SERVICE, Packets.ACK, mine - hello.length, theirs, hello);
      assertThat(guest.next(Packets.ACK).acknowledgment()).isEqualTo(mine);

      // Beyond a gap: what is missing is asked for.
      guest.tcp(GATEWAY, 40000, SERVICE, Packets.ACK, mine + 5, theirs, new byte[] {1});
      assertThat(guest.next(Packets.ACK).acknowledgment()).isEqualTo(mine);

      host.getOutputStream().write("hello, guest".getBytes(UTF_8));
      Packet answer = guest.next(Packets.PSH);
      assertThat(answer.sequence()).isEqualTo(theirs);
      assertThat(new String(answer.data(), UTF_8)).isEqualTo("hello, guest");
      theirs += answer.data().length;
      guest.tcp(GATEWAY, 40000, SERVICE, Packets.ACK, mine, theirs, NOTHING);

      guest.tcp(GATEWAY, 40000, SERVICE, Packets.FIN | Packets.ACK, mine, theirs, NOTHING);
      assertThat(host.getInputStream().read()).isEqualTo(-1);
      assertThat(guest.next(Packets.ACK).acknowledgment()).isEqualTo(mine + 1);
      host.getOutputStream().write('!');
      assertThat(guest.next(Packets.PSH).data()).containsExactly('!');
    }
    Packet end = guest.next(Packets.FIN);
    assertThat(end.sequence()).isEqualTo(theirs + 1);
    guest.tcp(GATEWAY, 40000, SERVICE, Packets.ACK, mine + 1, theirs + 2, NOTHING);
    // It is forgotten: whoever goes on is told so.
    guest.tcp(GATEWAY, 40000, SERVICE, Packets.ACK, mine + 1, theirs + 2, new byte[] {1});
    guest.next(Packets.RST);
  }

  @Test
  void data_notAcknowledged_isSentAgain() throws Exception {
    int theirs = connect(40001, 100);
    try (Socket host = service.accept()) {
      host.getOutputStream().write("again".getBytes(UTF_8));
      Packet first = guest.next(Packets.PSH);
      Packet second = guest.next(Packets.PSH);
      assertThat(first.sequence()).isEqualTo(theirs);
      assertThat(second.sequence()).isEqualTo(theirs);
      assertThat(second.data()).isEqualTo(first.data());
    }
  }

  @Test
  void window_closed_isRespectedAndProbed() throws Exception {
    int theirs = connect(40002, 100);
    try (Socket host = service.accept()) {
      guest.segment(GATEWAY, 40002, SERVICE, Packets.ACK, 101, theirs, 0, NOTHING);
      host.getOutputStream().write("waiting".getBytes(UTF_8));
      Packet probe = guest.next(Packets.PSH);
      assertThat(probe.data()).hasSizeLessThanOrEqualTo(7);
      if (probe.data().length == 7) {
        // It was sent before the window was known to be closed; the repetition knows.
        probe = guest.next(Packets.PSH);
      }
      assertThat(new String(probe.data(), UTF_8)).isEqualTo("w");
      guest.segment(GATEWAY, 40002, SERVICE, Packets.ACK, 101, theirs + 1, 100, NOTHING);
      StringBuilder rest = new StringBuilder();
      while (rest.length() < 6) {
        rest.append(new String(guest.next(Packets.PSH).data(), UTF_8));
      }
      assertThat(rest.toString()).startsWith("aiting");
    }
  }

  @Test
  void hostThatDoesNotRead_closesTheWindowAndOpensItAgain() throws Exception {
    int theirs = connect(40003, 100);
    byte[] data = new byte[1400];
    try (Socket host = service.accept()) {
      int sequence = 101;
      long sent = 0;
      int window = 1;
      while (window > 0) {
        guest.tcp(GATEWAY, 40003, SERVICE, Packets.ACK, sequence, theirs, data);
        Packet answer = guest.next(Packets.ACK);
        int taken = answer.acknowledgment() - sequence;
        sequence += taken;
        sent += taken;
        window = answer.window();
        assertThat(sent).isLessThan(64 << 20);
      }
      InputStream in = host.getInputStream();
      in.readNBytes((int) sent);
      // The window is told to be open without having been asked about.
      assertThat(guest.next(Packets.ACK).window()).isPositive();
    }
  }

  @Test
  void connection_publishedPort_isOpenedInTheGuestAndResetIsPassedOn() throws Exception {
    int port = network.publish(PublishedPort.tcp(80)).host().getPort();
    try (Socket host = new Socket(LOOPBACK, port)) {
      Packet syn = guest.next(Packets.SYN);
      assertThat(syn.guestPort()).isEqualTo(80);
      assertThat(syn.from()).isEqualTo(GATEWAY);
      guest.tcp(
          GATEWAY, 80, syn.port(), Packets.SYN | Packets.ACK, 900, syn.sequence() + 1, NOTHING);
      assertThat(guest.next(Packets.ACK).acknowledgment()).isEqualTo(901);
      guest.tcp(
          GATEWAY, 80, syn.port(), Packets.ACK, 901, syn.sequence() + 1, "served".getBytes(UTF_8));
      assertThat(new String(host.getInputStream().readNBytes(6), UTF_8)).isEqualTo("served");
      guest.tcp(
          GATEWAY, 80, syn.port(), Packets.RST | Packets.ACK, 907, syn.sequence() + 1, NOTHING);
      assertThatThrownBy(() -> host.getInputStream().read()).isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> network.publish(PublishedPort.tcp(80)))
        .hasMessageContaining("80/tcp is published already");
    assertThatThrownBy(() -> network.publish(PublishedPort.tcp(81).onHostPort(port)))
        .hasMessageContaining("tcp port " + port + " of 127.0.0.1 cannot be bound");
  }

  @Test
  void datagrams_goOutAndComeBackByBothWays() throws Exception {
    try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
      guest.udp(LOCAL, 4000, peer.getLocalPort(), "out".getBytes(UTF_8));
      DatagramPacket out = new DatagramPacket(new byte[100], 100);
      peer.receive(out);
      assertThat(new String(out.getData(), 0, out.getLength(), UTF_8)).isEqualTo("out");
      peer.send(new DatagramPacket("back".getBytes(UTF_8), 4, out.getSocketAddress()));
      Packet back = guest.next();
      assertThat(back.from()).isEqualTo(LOCAL);
      assertThat(back.guestPort()).isEqualTo(4000);
      assertThat(new String(back.data(), UTF_8)).isEqualTo("back");

      InetSocketAddress host = network.publish(PublishedPort.udp(5353)).host();
      peer.send(new DatagramPacket("in".getBytes(UTF_8), 2, host));
      Packet in = guest.next();
      assertThat(in.guestPort()).isEqualTo(5353);
      assertThat(in.from()).isEqualTo(GATEWAY);
      guest.udp(GATEWAY, 5353, in.port(), "answer".getBytes(UTF_8));
      DatagramPacket answer = new DatagramPacket(new byte[100], 100);
      peer.receive(answer);
      assertThat(answer.getSocketAddress()).isEqualTo(host);
      assertThat(answer.getLength()).isEqualTo(6);
      assertThat(network.unpublish(PublishedPort.Protocol.UDP, 5353)).isTrue();
    }
  }

  @Test
  void wishes_beyondPolicyOrWithoutAService_areRefused() throws Exception {
    Ip inside = Ip.parse("10.1.2.3");
    guest.tcp(inside, 40004, 443, Packets.SYN, 7, 0, NOTHING);
    assertThat(guest.next(Packets.RST).acknowledgment()).isEqualTo(8);
    SandboxEvent event = events.poll(60, TimeUnit.SECONDS);
    assertThat(event)
        .isInstanceOfSatisfying(
            SandboxEvent.EgressRefused.class,
            refused -> {
              assertThat(refused.destination()).isEqualTo("10.1.2.3");
              assertThat(refused.reason()).isEqualTo("it is a private address");
            });
    guest.tcp(GATEWAY, 40004, 9, Packets.SYN, 7, 0, NOTHING);
    guest.next(Packets.RST);
    guest.udp(inside, 40004, 9, NOTHING);
    Packet unreachable = guest.next();
    assertThat(unreachable.protocol()).isEqualTo(Packets.PROTOCOL_ICMP);
    assertThat(unreachable.content().getShort(0)).isEqualTo((short) 0x030d);
  }

  @Test
  void names_ofItsOwn_areAnsweredAndOthersRefused() throws Exception {
    guest.udp(GATEWAY, 40005, 53, question("DB"));
    ByteBuffer answer = ByteBuffer.wrap(guest.next().data());
    assertThat(DnsMessage.addresses(answer)).containsExactly(GATEWAY);
    guest.udp(GATEWAY, 40005, 53, question("elsewhere.example"));
    assertThat(guest.next().data()[3] & 15).isEqualTo(DnsMessage.REFUSED);
    assertThat(events.poll(60, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            SandboxEvent.EgressRefused.class,
            refused -> assertThat(refused.protocol()).isEqualTo("dns"));
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  static byte[] question(String name) {
    return question(name, DnsMessage.TYPE_A);
  }

  static byte[] question(String name, int type) {
    ByteBuffer to = ByteBuffer.allocate(512);
    to.putShort((short) 4711).putShort((short) 0x0100).putShort((short) 1);
    to.putShort((short) 0).putInt(0);
    for (String label : name.split("\\.", -1)) {
      byte[] bytes = label.getBytes(UTF_8);
      to.put((byte) bytes.length).put(bytes);
    }
    to.put((byte) 0).putShort((short) type).putShort((short) 1);
    return bytes(to.flip());
  }

  @Test
  void frames_ofAHostileGuest_harmNobody() throws Exception {
    int theirs = connect(40006, 100);
    Random random = new Random(42);
    try (Socket host = service.accept()) {
      for (int i = 0; i < 20_000; i++) {
        byte[] frame = new byte[14 + random.nextInt(120)];
        random.nextBytes(frame);
        if (i % 4 != 0 && frame.length >= 34) {
          disguise(frame, random);
        }
        guest.frame(frame);
      }
      // The connection that was there still works.
      guest.tcp(GATEWAY, 40006, SERVICE, Packets.ACK, 101, theirs, "alive".getBytes(UTF_8));
      assertThat(new String(host.getInputStream().readNBytes(5), UTF_8)).isEqualTo("alive");
    }
  }

  /** Makes an IPv4 packet of it whose lengths and options are random still. */
  private static void disguise(byte[] frame, Random random) {
    ByteBuffer at = ByteBuffer.wrap(frame);
    at.putShort(12, (short) (random.nextInt(8) == 0 ? Packets.TYPE_ARP : Packets.TYPE_IPV4));
    at.put(14, (byte) (random.nextInt(8) == 0 ? random.nextInt() : 0x45));
    at.putShort(16, (short) (random.nextInt(4) == 0 ? random.nextInt() : frame.length - 14));
    at.putShort(20, (short) 0);
    at.put(23, (byte) new int[] {1, 6, 17}[random.nextInt(3)]);
    at.position(26);
    FakeGuestLink.GUEST.write(at);
    (random.nextBoolean() ? GATEWAY : Ip.v4(0x0a010000 + random.nextInt(256))).write(at);
    if (frame.length >= 38) {
      at.putShort(34, (short) (random.nextBoolean() ? 40007 : random.nextInt()));
      at.putShort(36, (short) new int[] {SERVICE, 53, 80}[random.nextInt(3)]);
    }
  }

  @Test
  void length_thatNoFrameHas_endsTheLinkAndItsConnections() throws Exception {
    connect(40008, 100);
    try (Socket host = service.accept()) {
      guest.raw(new byte[] {127, 1, 2, 3});
      int end;
      try {
        end = host.getInputStream().read();
      } catch (IOException e) {
        end = -1;
      }
      assertThat(end).isEqualTo(-1);
    }
  }

  @Test
  void connections_moreThanTheLimit_areRefused() throws Exception {
    // The system answers for a service that accepts none of them.
    try (ServerSocket patient = new ServerSocket(0, 2000, LOOPBACK)) {
      for (int i = 0; i < TcpStack.MOST_CONNECTIONS + 5; i++) {
        guest.tcp(LOCAL, 20000 + i, patient.getLocalPort(), Packets.SYN, 1, 0, NOTHING);
        guest.next(i < TcpStack.MOST_CONNECTIONS ? Packets.SYN : Packets.RST);
      }
      assertThat(limit().limit()).isEqualTo(SandboxEvent.NetworkLimit.CONNECTIONS);
      assertThat(network.statistics().connections()).isEqualTo(TcpStack.MOST_CONNECTIONS);
      assertThat(network.statistics().sockets()).isEqualTo(TcpStack.MOST_CONNECTIONS);
      assertThat(network.statistics().refusedByLimit()).isEqualTo(5);
      // The other way is a matter of its own.
      int port = network.publish(PublishedPort.tcp(80)).host().getPort();
      try (Socket host = new Socket(LOOPBACK, port)) {
        assertThat(host.isConnected()).isTrue();
        Packet syn = guest.next(Packets.SYN);
        assertThat(syn.guestPort()).isEqualTo(80);
      }
    }
  }

  private SandboxEvent.NetworkLimitReached limit() throws InterruptedException {
    SandboxEvent event = events.poll(60, TimeUnit.SECONDS);
    assertThat(event).isInstanceOf(SandboxEvent.NetworkLimitReached.class);
    return (SandboxEvent.NetworkLimitReached) java.util.Objects.requireNonNull(event);
  }

  @Test
  void connections_toAServiceThatDoesNotAnswer_leaveRoomForOthers() throws Exception {
    try (SilentService silent = new SilentService()) {
      int accepted = TcpStack.MOST_HALF_OPEN / 2;
      for (int i = 0; i < accepted + 1; i++) {
        guest.tcp(LOCAL, 20000 + i, silent.port(), Packets.SYN, 1, 0, NOTHING);
      }
      assertThat(guest.next(Packets.RST).guestPort()).isEqualTo(20000 + accepted);
      assertThat(limit().limit()).isEqualTo(SandboxEvent.NetworkLimit.HALF_OPEN);
      assertThat(network.statistics().halfOpen()).isEqualTo(accepted);
      guest.tcp(LOCAL, 19999, service.getLocalPort(), Packets.SYN, 1, 0, NOTHING);
      assertThat(guest.next(Packets.SYN).guestPort()).isEqualTo(19999);
      assertThat(network.statistics().halfOpen()).isEqualTo(accepted);
      // The guest gives one up: another one may try.
      guest.tcp(LOCAL, 20000, silent.port(), Packets.RST, 2, 0, NOTHING);
      guest.tcp(LOCAL, 19998, silent.port(), Packets.SYN, 1, 0, NOTHING);
      guest.tcp(LOCAL, 19997, silent.port(), Packets.SYN, 1, 0, NOTHING);
      assertThat(guest.next(Packets.RST).guestPort()).isEqualTo(19997);
    }
  }

  @Test
  void connections_beyondTheLimit_areResetNotEnded() throws Exception {
    int port = network.publish(PublishedPort.tcp(80)).host().getPort();
    List<Socket> peers = new ArrayList<>();
    try {
      for (int i = 0; i < TcpStack.MOST_CONNECTIONS; i++) {
        peers.add(new Socket(LOOPBACK, port));
        guest.next(Packets.SYN);
      }
      for (int i = 0; i < 3; i++) {
        try (Socket excess = new Socket(LOOPBACK, port)) {
          assertThatThrownBy(() -> excess.getInputStream().read())
              .isInstanceOf(SocketException.class)
              .hasMessageContaining("reset");
        }
      }
    } finally {
      for (Socket peer : peers) {
        peer.close();
      }
    }
  }

  @Test
  void datagrams_withoutData_areCarriedBothWays() throws Exception {
    try (DatagramSocket peer = new DatagramSocket(0, LOOPBACK)) {
      DatagramPacket out = new DatagramPacket(new byte[100], 100);
      for (int size : new int[] {0, 3, 0, 0}) {
        guest.udp(LOCAL, 4000, peer.getLocalPort(), new byte[size]);
        peer.receive(out);
        assertThat(out.getLength()).isEqualTo(size);
        out.setLength(100);
      }
      for (int size : new int[] {0, 3, 0, 0}) {
        peer.send(new DatagramPacket(new byte[size], size, out.getSocketAddress()));
        Packet back = guest.next();
        assertThat(back.protocol()).isEqualTo(Packets.PROTOCOL_UDP);
        assertThat(back.guestPort()).isEqualTo(4000);
        assertThat(back.data()).hasSize(size);
      }
      InetSocketAddress host = network.publish(PublishedPort.udp(5353)).host();
      peer.send(new DatagramPacket(NOTHING, 0, host));
      Packet in = guest.next();
      assertThat(in.data()).isEmpty();
      guest.udp(GATEWAY, 5353, in.port(), NOTHING);
      DatagramPacket answer = new DatagramPacket(new byte[100], 100);
      peer.receive(answer);
      assertThat(answer.getSocketAddress()).isEqualTo(host);
      assertThat(answer.getLength()).isZero();
    }
  }

  @Test
  void datagram_toAClosedPort_isAnsweredByTheAddressThatNobodyIsThere() throws Exception {
    int closed;
    try (DatagramSocket gone = new DatagramSocket(0, LOOPBACK)) {
      closed = gone.getLocalPort();
    }
    for (int i = 0; i < 3; i++) {
      guest.udp(LOCAL, 4001, closed, new byte[] {1});
      Packet no = guest.next();
      assertThat(no.protocol()).isEqualTo(Packets.PROTOCOL_ICMP);
      assertThat(no.from()).isEqualTo(LOCAL);
      assertThat(no.content().getShort(0)).isEqualTo((short) 0x0303);
      // IP's header, and of UDP's the ports: so the guest's kernel finds its socket.
      assertThat(FakeGuestLink.GUEST.isAt(no.content(), 8 + 12)).isTrue();
      assertThat(LOCAL.isAt(no.content(), 8 + 16)).isTrue();
      assertThat(no.content().get(8 + 9)).isEqualTo((byte) Packets.PROTOCOL_UDP);
      assertThat(no.content().getShort(28) & 0xffff).isEqualTo(4001);
      assertThat(no.content().getShort(30) & 0xffff).isEqualTo(closed);
    }
    assertThat(network.statistics().flows()).isEqualTo(1);
  }

  @Test
  void probe_findsAListenerWithoutAConnection() throws Exception {
    CompletableFuture<Boolean> asked = network.isListening(80);
    Packet syn = guest.next(Packets.SYN);
    assertThat(syn.guestPort()).isEqualTo(80);
    guest.tcp(GATEWAY, 80, syn.port(), Packets.SYN | Packets.ACK, 900, syn.sequence() + 1, NOTHING);
    assertThat(guest.next(Packets.RST).sequence()).isEqualTo(syn.sequence() + 1);
    assertThat(asked.get(60, TimeUnit.SECONDS)).isTrue();

    asked = network.isListening(81);
    syn = guest.next(Packets.SYN);
    guest.tcp(GATEWAY, 81, syn.port(), Packets.RST | Packets.ACK, 0, syn.sequence() + 1, NOTHING);
    assertThat(asked.get(60, TimeUnit.SECONDS)).isFalse();
    assertThat(network.isListening(82).get(60, TimeUnit.SECONDS)).as("no answer").isFalse();
  }
}
