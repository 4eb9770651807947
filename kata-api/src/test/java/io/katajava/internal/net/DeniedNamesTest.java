package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.EgressPolicy;
import io.katajava.SandboxEvent;
import io.katajava.internal.net.FakeGuestLink.Packet;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a rule that denies a name closes, though the guest never asks for it. */
@Timeout(120)
@SuppressWarnings("NullAway.Init")
class DeniedNamesTest {
  private static final Ip GATEWAY = FakeGuestLink.GATEWAY;
  private static final Ip BAD = Ip.parse("127.0.0.7");
  private static final Ip GOOD = Ip.parse("127.0.0.8");
  private static final Ip LATER = Ip.parse("127.0.0.9");
  private static final byte[] NOTHING = {};
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(50);

  private ScriptedNameServer server;
  private ServerSocket service;
  private int from;

  @BeforeEach
  void begin() throws Exception {
    server = new ScriptedNameServer();
    service = new ServerSocket(0, 2000, InetAddress.getByName("0.0.0.0"));
  }

  @AfterEach
  void end() throws Exception {
    server.close();
    service.close();
  }

  private OpenNetwork open(EgressPolicy policy) throws Exception {
    return new OpenNetwork(policy, List.of(), Map.of(), List.of(server.address()), ip -> true);
  }

  private EgressPolicy policy() {
    return EgressPolicy.publicInternet().allow("127.0.0.0/8").deny("bad.example");
  }

  /** Whether a connection is taken or reset; null when nothing is said. */
  private @Nullable Boolean connect(OpenNetwork open, Ip to, int port) throws Exception {
    open.guest.tcp(to, port, service.getLocalPort(), Packets.SYN, 1, 0, NOTHING);
    // The gateway answers after whatever it had to say to that.
    open.guest.ip(Packets.PROTOCOL_ICMP, GATEWAY, new byte[] {8, 0, 0, 0, 0, 1, 0, 1});
    Boolean taken = null;
    while (true) {
      Packet packet = open.guest.next();
      if (packet.protocol() == Packets.PROTOCOL_TCP && packet.guestPort() == port) {
        taken = (packet.flags() & Packets.RST) == 0;
        if (taken) {
          open.guest.tcp(
              to, port, service.getLocalPort(), Packets.RST, 2, packet.sequence() + 1, NOTHING);
        }
      } else if (packet.protocol() == Packets.PROTOCOL_ICMP) {
        return taken;
      }
    }
  }

  /** Tries one connection until something is said, as a guest does. */
  private boolean isServed(OpenNetwork open, Ip to) throws Exception {
    int port = 20000 + from++ % 40000;
    while (true) {
      Boolean taken = connect(open, to, port);
      if (taken != null) {
        return taken;
      }
      LockSupport.parkNanos(PAUSE);
    }
  }

  private void awaitServed(OpenNetwork open, Ip to, boolean served) throws Exception {
    while (isServed(open, to) != served) {
      LockSupport.parkNanos(PAUSE);
    }
  }

  @Test
  void address_ofADeniedName_isRefusedWithoutAQuestionAndOthersAreNot() throws Exception {
    server.says("bad.example", DnsMessage.OK, BAD.toString(), "127.0.0.17");
    try (OpenNetwork open = open(policy())) {
      assertThat(isServed(open, GOOD)).isTrue();
      assertThat(isServed(open, BAD)).isFalse();
      SandboxEvent.EgressRefused told = open.refused();
      assertThat(told.reason()).isEqualTo("the rule 'deny bad.example'");
      assertThat(told.name()).isEmpty();
      assertThat(isServed(open, Ip.parse("127.0.0.17"))).isFalse();
      open.guest.udp(BAD, 4000, 9, NOTHING);
      assertThat(open.guest.next().content().getShort(0)).isEqualTo((short) 0x030d);
    }
  }

  @Test
  void address_ofADeniedName_staysRefusedWhenTheNameHasAnother() throws Exception {
    server.says("bad.example", DnsMessage.OK, BAD.toString());
    try (OpenNetwork open = open(policy())) {
      assertThat(isServed(open, LATER)).isTrue();
      server.says("bad.example", DnsMessage.OK, LATER.toString());
      awaitServed(open, LATER, false);
      assertThat(isServed(open, BAD)).isFalse();
      assertThat(isServed(open, GOOD)).isTrue();
      // Not even when nobody can say any more what it has.
      server.says("bad.example", DnsMessage.SERVER_FAILURE);
      assertThat(isServed(open, BAD)).isFalse();
    }
  }

  @Test
  void connectionAndDatagrams_toWhatTurnsOutToBeDenied_areEnded() throws Exception {
    server.says("bad.example", DnsMessage.OK, BAD.toString());
    try (OpenNetwork open = open(policy());
        DatagramSocket peer = new DatagramSocket(0, LATER.inet())) {
      assertThat(isServed(open, GOOD)).isTrue();
      FakeStream good = new FakeStream(open.guest, GOOD, 18001, service.getLocalPort());
      FakeStream stream = new FakeStream(open.guest, LATER, 18000, service.getLocalPort());
      open.guest.udp(LATER, 4000, peer.getLocalPort(), new byte[] {1});
      peer.receive(new DatagramPacket(new byte[10], 10));
      server.says("bad.example", DnsMessage.OK, LATER.toString());
      stream.awaitEnd();
      assertThat(open.refused().destination()).isEqualTo(LATER.toString());
      open.guest.udp(LATER, 4000, peer.getLocalPort(), new byte[] {1});
      assertThat(open.guest.next().content().getShort(0)).isEqualTo((short) 0x030d);
      good.write(new byte[] {1});
      assertThat(open.guest.next(Packets.ACK).flags() & Packets.RST).isZero();
    }
  }

  @Test
  void connection_beforeTheNameIsKnown_waitsUntilItIs() throws Exception {
    try (OpenNetwork open = open(policy())) {
      // The server says nothing: neither does the network.
      assertThat(connect(open, GOOD, 18000)).isNull();
      server.says("bad.example", DnsMessage.OK, BAD.toString());
      awaitServed(open, GOOD, true);
      assertThat(isServed(open, BAD)).isFalse();
    }
  }

  @Test
  void name_thatCannotBeLookedUp_closesEverythingUntilItCan() throws Exception {
    server.says("bad.example", DnsMessage.SERVER_FAILURE);
    try (OpenNetwork open = open(policy())) {
      assertThat(isServed(open, GOOD)).isFalse();
      assertThat(open.refused().reason())
          .contains("the addresses of that name are not known", "'deny bad.example'");
      server.says("bad.example", DnsMessage.OK, BAD.toString());
      awaitServed(open, GOOD, true);
      assertThat(isServed(open, BAD)).isFalse();
    }
  }

  @Test
  void name_thatIsNotThere_closesNothing() throws Exception {
    server.says("bad.example", DnsMessage.NO_SUCH_NAME);
    try (OpenNetwork open = open(policy())) {
      assertThat(isServed(open, GOOD)).isTrue();
      server.says("bad.example", DnsMessage.OK, GOOD.toString());
      awaitServed(open, GOOD, false);
    }
  }

  @Test
  void name_thatIsAnAliasOfADeniedOne_isRefused() throws Exception {
    server.says("bad.example", DnsMessage.OK, BAD.toString()).alias("alias.example", "bad.example");
    server.says("good.example", DnsMessage.OK, GOOD.toString());
    try (OpenNetwork open = open(policy())) {
      for (String name : List.of("alias.example", "ALIAS.Example", "BAD.example")) {
        open.guest.udp(GATEWAY, 40000, 53, UserNetworkTest.question(name));
        ByteBuffer answer = ByteBuffer.wrap(open.guest.next().data());
        assertThat(answer.get(3) & 15).as(name).isEqualTo(DnsMessage.REFUSED);
        assertThat(DnsMessage.addresses(answer)).isEmpty();
      }
      open.guest.udp(GATEWAY, 40000, 53, UserNetworkTest.question("good.example"));
      assertThat(DnsMessage.addresses(ByteBuffer.wrap(open.guest.next().data())))
          .containsExactly(GOOD);
      assertThat(open.refused().reason())
          .isEqualTo("it leads to a name of the rule 'deny bad.example'");
    }
  }

  @Test
  void rule_withPorts_holdsAtTheseWhateverElseTheGuestAsksFor() throws Exception {
    server.saysOtherwise(DnsMessage.OK, BAD.toString());
    EgressPolicy ports =
        EgressPolicy.publicInternet()
            .allow("127.0.0.0/8")
            .deny("bad.example", service.getLocalPort());
    try (OpenNetwork open = open(ports)) {
      for (int i = 0; i < 40; i++) {
        open.guest.udp(GATEWAY, 40000, 53, UserNetworkTest.question("n" + i + ".example"));
        assertThat(DnsMessage.addresses(ByteBuffer.wrap(open.guest.next().data()))).hasSize(1);
      }
      open.guest.udp(GATEWAY, 40000, 53, UserNetworkTest.question("bad.example"));
      assertThat(DnsMessage.addresses(ByteBuffer.wrap(open.guest.next().data()))).hasSize(1);
      assertThat(isServed(open, BAD)).isFalse();
      assertThat(isServed(open, GOOD)).isTrue();
      try (ServerSocket other = new ServerSocket(0, 5, InetAddress.getByName("0.0.0.0"))) {
        open.guest.tcp(BAD, 19000, other.getLocalPort(), Packets.SYN, 1, 0, NOTHING);
        Packet taken = open.guest.next(Packets.SYN | Packets.ACK);
        while (taken.guestPort() != 19000) {
          taken = open.guest.next(Packets.SYN | Packets.ACK);
        }
        assertThat(taken.from()).isEqualTo(BAD);
      }
    }
  }

  @Test
  void question_forADeniedName_isAskedByTheHostItselfAndAgain() throws Exception {
    server.says("bad.example", DnsMessage.OK, BAD.toString());
    try (OpenNetwork open = open(policy())) {
      for (int i = 0; i < 4; i++) {
        byte[] asked = server.asked.poll(60, TimeUnit.SECONDS);
        assertThat(asked).isNotNull();
        assertThat(DnsMessage.question(ByteBuffer.wrap(asked)).orElseThrow().name())
            .isEqualTo("bad.example");
      }
      assertThat(open.events).isEmpty();
    }
  }
}
