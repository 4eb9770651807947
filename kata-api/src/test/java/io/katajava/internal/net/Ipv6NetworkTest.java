package io.katajava.internal.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.katajava.EgressPolicy;
import io.katajava.Network;
import io.katajava.PublishedPort;
import io.katajava.SandboxEvent;
import io.katajava.internal.net.FakeGuestLink.Packet;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** IPv6 on a user network. */
@Timeout(120)
class Ipv6NetworkTest {
  private static final Ip GUEST = FakeGuestLink.GUEST6;
  private static final Ip GATEWAY = FakeGuestLink.GATEWAY6;
  private static final Ip LOCAL = Ip.parse("::1");
  private static final Ip OF_THE_LINK = Ip.parse("fe80::15");
  private static final int SERVICE = 5000;
  private static final byte[] NOTHING = {};

  private ServerSocket service;
  private OpenNetwork open;

  @BeforeEach
  void open() throws IOException {
    service = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    open = open(ip -> true);
  }

  private OpenNetwork open(Predicate<Ip> ways) throws IOException {
    return new OpenNetwork(
        EgressPolicy.denyAll().allow("::1"),
        List.of(
            new Network.Relay(
                Optional.of("db"), SERVICE, Optional.empty(), service.getLocalPort())),
        Map.of("both", List.of(FakeGuestLink.GATEWAY, GATEWAY)),
        List.of(),
        ways);
  }

  @AfterEach
  void close() throws IOException {
    open.close();
    service.close();
  }

  /** Sockets of the host at ::1, which the kernel of a host may not have. */
  private static void assumeLoopback() throws IOException {
    boolean there;
    try (ServerSocket probe = new ServerSocket(0, 1, LOCAL.inet())) {
      there = probe.isBound();
    } catch (IOException e) {
      there = false;
    }
    assumeTrue(there, "this host has no IPv6 loopback");
  }

  private static byte[] control(int type, byte[] rest) {
    return ByteBuffer.allocate(4 + rest.length).put((byte) type).position(4).put(rest).array();
  }

  private static byte[] solicitation(Ip target) {
    ByteBuffer rest = ByteBuffer.allocate(20).position(4);
    target.write(rest);
    return control(135, rest.array());
  }

  @Test
  void neighbour_askedFor_isTheGatewayAlone() throws Exception {
    Ip group = Ip.parse("ff02::1:ff00:2");
    open.guest.ip(Packets.PROTOCOL_ICMPV6, GUEST, group, solicitation(Ip.parse("fd00:2::3")));
    open.guest.ip(Packets.PROTOCOL_ICMPV6, Ip.parse("::"), group, solicitation(GATEWAY));
    for (Ip from : List.of(GUEST, OF_THE_LINK)) {
      open.guest.ip(Packets.PROTOCOL_ICMPV6, from, group, solicitation(GATEWAY));
      Packet answer = open.guest.next();
      assertThat(answer.protocol()).isEqualTo(Packets.PROTOCOL_ICMPV6);
      assertThat(answer.from()).isEqualTo(GATEWAY);
      assertThat(answer.to()).isEqualTo(from);
      assertThat(answer.content().get(0) & 0xff).isEqualTo(136);
      assertThat(GATEWAY.isAt(answer.content(), 8)).isTrue();
      byte[] mac = new byte[6];
      answer.content().position(26).get(mac);
      assertThat(mac).isEqualTo(UserNetworkSettings.mac(UserNetworkSettings.GATEWAY_MAC));
    }
  }

  @Test
  void neighbour_askedForFromBeyondTheLink_isNotTold() throws Exception {
    byte[] content = solicitation(GATEWAY);
    ByteBuffer frame = ByteBuffer.allocate(Packets.ETHERNET + Packets.IPV6 + content.length);
    byte[] mac = UserNetworkSettings.mac(FakeGuestLink.MAC);
    Packets.ip(frame, mac, mac, Packets.PROTOCOL_ICMPV6, GUEST, GATEWAY, content.length);
    open.guest.frame(frame.put(Packets.ETHERNET + 7, (byte) 64).put(content).array());
    // The next answer is to what comes after it.
    open.guest.ip(
        Packets.PROTOCOL_ICMPV6, GATEWAY, control(128, new byte[] {0, 7, 0, 1, 42, 43, 44}));
    Packet echo = open.guest.next();
    assertThat(echo.content().get(0) & 0xff).isEqualTo(129);
    assertThat(echo.content().getInt(4)).isEqualTo(0x00070001);
    assertThat(echo.content().get(10)).isEqualTo((byte) 44);
  }

  @Test
  void connection_toARelayOfTheGateway_isCarried() throws Exception {
    FakeStream stream = new FakeStream(open.guest, GATEWAY, 40000, SERVICE);
    try (Socket host = service.accept()) {
      stream.write("by IPv6".getBytes(UTF_8));
      assertThat(new String(host.getInputStream().readNBytes(7), UTF_8)).isEqualTo("by IPv6");
      host.getOutputStream().write("and back".getBytes(UTF_8));
      assertThat(new String(stream.read(8), UTF_8)).isEqualTo("and back");
    }
    stream.awaitEnd();
  }

  @Test
  void connectionAndDatagrams_toTheHostsIpv6_goOutAndComeBack() throws Exception {
    assumeLoopback();
    try (ServerSocket local = new ServerSocket(0, 5, LOCAL.inet());
        DatagramSocket peer = new DatagramSocket(0, LOCAL.inet())) {
      FakeStream stream = new FakeStream(open.guest, LOCAL, 40000, local.getLocalPort());
      byte[] data = new byte[100_000];
      new Random(6).nextBytes(data);
      try (Socket host = local.accept()) {
        stream.write(NOTHING);
        Thread writer =
            new Thread(
                () -> {
                  try {
                    host.getOutputStream().write(data);
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                });
        writer.start();
        assertThat(stream.read(data.length)).isEqualTo(data);
        writer.join();
      }
      open.guest.udp(LOCAL, 4000, peer.getLocalPort(), "out".getBytes(UTF_8));
      DatagramPacket out = new DatagramPacket(new byte[100], 100);
      peer.receive(out);
      assertThat(new String(out.getData(), 0, out.getLength(), UTF_8)).isEqualTo("out");
      peer.send(new DatagramPacket("back".getBytes(UTF_8), 4, out.getSocketAddress()));
      Packet back = open.guest.next();
      while (back.protocol() != Packets.PROTOCOL_UDP) {
        back = open.guest.next();
      }
      assertThat(back.from()).isEqualTo(LOCAL);
      assertThat(new String(back.data(), UTF_8)).isEqualTo("back");
    }
  }

  @Test
  void port_publishedAtTheHostsIpv6Loopback_leadsToTheGuest() throws Exception {
    assumeLoopback();
    Network.Mapping mapping = open.network.publish(PublishedPort.tcp(80).onHostAddress("::1"));
    assertThat(mapping).hasToString("[::1]:" + mapping.host().getPort() + " -> 80/tcp");
    try (Socket host = new Socket(mapping.host().getAddress(), mapping.host().getPort())) {
      assertThat(host.isConnected()).isTrue();
      Packet syn = open.guest.next(Packets.SYN);
      assertThat(syn.guestPort()).isEqualTo(80);
      assertThat(syn.from()).isEqualTo(FakeGuestLink.GATEWAY);
    }
  }

  @Test
  void wishes_beyondThePolicy_areRefusedAndTold() throws Exception {
    for (String inside : List.of("fd12::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1")) {
      Ip to = Ip.parse(inside);
      open.guest.tcp(to, 40004, 443, Packets.SYN, 7, 0, NOTHING);
      Packet reset = open.guest.next(Packets.RST);
      assertThat(reset.acknowledgment()).isEqualTo(8);
      assertThat(reset.from()).isEqualTo(to);
      SandboxEvent.EgressRefused told = open.refused();
      assertThat(told.destination()).isEqualTo(to.toString());
      assertThat(told.protocol()).isEqualTo("tcp");
      assertThat(told.port()).isEqualTo(443);
    }
    open.guest.udp(Ip.parse("fd12::1"), 40004, 9, new byte[3000 / 2 - 48]);
    Packet unreachable = open.guest.next();
    assertThat(unreachable.protocol()).isEqualTo(Packets.PROTOCOL_ICMPV6);
    assertThat(unreachable.content().getShort(0)).isEqualTo((short) 0x0101);
    assertThat(unreachable.content().remaining()).isEqualTo(1240);
    open.guest.udp(GATEWAY, 40004, 9, NOTHING);
    assertThat(open.guest.next().content().getShort(0)).isEqualTo((short) 0x0104);
    open.guest.tcp(GATEWAY, 40004, 9, Packets.SYN, 7, 0, NOTHING);
    open.guest.next(Packets.RST);
  }

  @Test
  void names_askedForByIpv6_areAnsweredForBothFamilies() throws Exception {
    for (Ip gateway : List.of(GATEWAY, FakeGuestLink.GATEWAY)) {
      open.guest.udp(gateway, 40005, 53, UserNetworkTest.question("both", DnsMessage.TYPE_AAAA));
      Packet answer = open.guest.next();
      assertThat(answer.from()).isEqualTo(gateway);
      assertThat(DnsMessage.addresses(ByteBuffer.wrap(answer.data()))).containsExactly(GATEWAY);
      open.guest.udp(gateway, 40005, 53, UserNetworkTest.question("both"));
      assertThat(DnsMessage.addresses(ByteBuffer.wrap(open.guest.next().data())))
          .containsExactly(FakeGuestLink.GATEWAY);
    }
  }

  @Test
  void addresses_thatTheHostHasNoWayTo_areNotAnswered() throws Exception {
    Ip address = Ip.parse("2001:db8::1");
    for (boolean way : new boolean[] {true, false}) {
      try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress());
          OpenNetwork other =
              new OpenNetwork(
                  EgressPolicy.publicInternet(),
                  List.of(),
                  Map.of(),
                  List.of((java.net.InetSocketAddress) server.getLocalSocketAddress()),
                  ip -> way)) {
        byte[] question = UserNetworkTest.question("six.example", DnsMessage.TYPE_AAAA);
        other.guest.udp(FakeGuestLink.GATEWAY, 40006, 53, question);
        DatagramPacket query = new DatagramPacket(new byte[1500], 1500);
        server.receive(query);
        ByteBuffer bytes = ByteBuffer.wrap(question);
        byte[] answer =
            UserNetworkTest.bytes(
                DnsMessage.question(bytes)
                    .orElseThrow()
                    .answer(bytes, DnsMessage.OK, List.of(address), 60, 512));
        server.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
        ByteBuffer told = ByteBuffer.wrap(other.guest.next().data());
        assertThat(told.get(3) & 15).isEqualTo(DnsMessage.OK);
        assertThat(DnsMessage.addresses(told)).isEqualTo(way ? List.of(address) : List.of());
      }
    }
  }

  @Test
  void routes_ofTheHost_leadToItself() throws Exception {
    assumeLoopback();
    assertThat(HostRoutes.lead(LOCAL)).isTrue();
  }

  @Test
  void packets_ofAHostileGuest_harmNobody() throws Exception {
    FakeStream stream = new FakeStream(open.guest, GATEWAY, 40007, SERVICE);
    Random random = new Random(66);
    try (Socket host = service.accept()) {
      for (int i = 0; i < 20_000; i++) {
        byte[] frame = new byte[14 + random.nextInt(160)];
        random.nextBytes(frame);
        disguise(ByteBuffer.wrap(frame), random);
        open.guest.frame(frame);
      }
      stream.write("alive".getBytes(UTF_8));
      assertThat(new String(host.getInputStream().readNBytes(5), UTF_8)).isEqualTo("alive");
    }
  }

  /** Makes an IPv6 packet of it whose lengths, headers and targets are random still. */
  private static void disguise(ByteBuffer frame, Random random) {
    frame.putShort(12, (short) Packets.TYPE_IPV6);
    if (frame.capacity() < Packets.ETHERNET + Packets.IPV6) {
      return;
    }
    frame.put(14, (byte) (random.nextInt(8) == 0 ? random.nextInt() : 0x60));
    int size = frame.capacity() - Packets.ETHERNET - Packets.IPV6;
    frame.putShort(18, (short) (random.nextInt(4) == 0 ? random.nextInt() : size));
    frame.put(20, (byte) new int[] {0, 6, 17, 43, 44, 58, 58, 59, 60}[random.nextInt(9)]);
    frame.put(21, (byte) (random.nextInt(8) == 0 ? 64 : 255));
    List<Ip> from = List.of(GUEST, GUEST, OF_THE_LINK, Ip.parse("::"), LOCAL);
    from.get(random.nextInt(from.size())).write(frame.position(22));
    List<Ip> to = List.of(GATEWAY, GATEWAY, Ip.parse("fd12::1"), Ip.parse("ff02::1"), GUEST);
    to.get(random.nextInt(to.size())).write(frame);
    if (size >= 24 && frame.get(20) == Packets.PROTOCOL_ICMPV6) {
      frame.put(54, (byte) new int[] {1, 128, 133, 135, 136, 137}[random.nextInt(6)]);
      if (random.nextBoolean()) {
        GATEWAY.write(frame.position(62));
      }
    } else if (size >= 4) {
      frame.putShort(54, (short) (random.nextBoolean() ? 40008 : random.nextInt()));
      frame.putShort(56, (short) new int[] {SERVICE, 53, 80}[random.nextInt(3)]);
    }
  }
}
