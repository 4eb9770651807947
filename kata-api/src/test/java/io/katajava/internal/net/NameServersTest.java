package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.EgressPolicy;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of several name servers is asked, and what is asked of them. */
@Timeout(120)
class NameServersTest {
  private static final Ip GATEWAY = FakeGuestLink.GATEWAY;

  private static OpenNetwork open(ScriptedNameServer... servers) throws Exception {
    return new OpenNetwork(
        EgressPolicy.denyAll().allow("*.example"),
        List.of(),
        Map.of(),
        List.of(servers).stream().map(ScriptedNameServer::address).toList(),
        ip -> true);
  }

  private static ByteBuffer ask(OpenNetwork open, String name) throws Exception {
    open.guest.udp(GATEWAY, 40000, 53, UserNetworkTest.question(name));
    return ByteBuffer.wrap(open.guest.next().data());
  }

  @ParameterizedTest
  @ValueSource(ints = {DnsMessage.SERVER_FAILURE, DnsMessage.NOT_IMPLEMENTED, DnsMessage.REFUSED})
  void answer_thatIsNone_isNotTheLastWordWhileThereIsAnotherServer(int code) throws Exception {
    try (ScriptedNameServer first = new ScriptedNameServer().saysOtherwise(code);
        ScriptedNameServer second =
            new ScriptedNameServer()
                .says("one.example", DnsMessage.OK, "192.0.2.55")
                .says("no.example", DnsMessage.NO_SUCH_NAME)
                .says("two.example", DnsMessage.SERVER_FAILURE);
        OpenNetwork open = open(first, second)) {
      assertThat(DnsMessage.addresses(ask(open, "one.example")))
          .containsExactly(Ip.parse("192.0.2.55"));
      assertThat(ask(open, "no.example").get(3) & 15).isEqualTo(DnsMessage.NO_SUCH_NAME);
      assertThat(ask(open, "two.example").get(3) & 15).as("of the first").isEqualTo(code);
      assertThat(ask(open, "silent.example").get(3) & 15).as("it is all there is").isEqualTo(code);
    }
  }

  @Test
  void answer_thatThereIsNoSuchName_isTheLastWord() throws Exception {
    try (ScriptedNameServer first =
            new ScriptedNameServer().saysOtherwise(DnsMessage.NO_SUCH_NAME);
        ScriptedNameServer second =
            new ScriptedNameServer().saysOtherwise(DnsMessage.OK, "1.2.3.4");
        OpenNetwork open = open(first, second)) {
      assertThat(ask(open, "no.example").get(3) & 15).isEqualTo(DnsMessage.NO_SUCH_NAME);
      assertThat(second.asked).isEmpty();
    }
  }

  @Test
  void server_thatDoesNotAnswer_isWaitedForOnce() throws Exception {
    try (ScriptedNameServer dead = new ScriptedNameServer();
        ScriptedNameServer live = new ScriptedNameServer().saysOtherwise(DnsMessage.OK, "1.2.3.4");
        OpenNetwork open = open(dead, live)) {
      for (int i = 0; i < 20; i++) {
        assertThat(DnsMessage.addresses(ask(open, "n" + i + ".example"))).hasSize(1);
      }
      assertThat(dead.asked).hasSize(1);
      assertThat(live.asked).hasSize(20);
    }
  }

  @Test
  void server_thatWasSilent_isLastUntilItAnswersAgain() {
    InetSocketAddress one = InetSocketAddress.createUnresolved("one", 53);
    InetSocketAddress two = InetSocketAddress.createUnresolved("two", 53);
    AtomicLong now = new AtomicLong();
    NameServers servers = new NameServers(List.of(one, two), now::get);
    assertThat(servers.inOrder()).containsExactly(one, two);
    servers.silent(one);
    assertThat(servers.inOrder()).containsExactly(two, one);
    assertThat(servers.toBeTried()).isEmpty();
    now.addAndGet(TimeUnit.SECONDS.toNanos(31));
    assertThat(servers.toBeTried()).containsExactly(one);
    assertThat(servers.toBeTried()).as("once").isEmpty();
    assertThat(servers.inOrder()).containsExactly(two, one);
    servers.silent(two);
    assertThat(servers.inOrder()).as("none is better").containsExactly(one, two);
    servers.answered(one);
    servers.answered(two);
    assertThat(servers.inOrder()).containsExactly(one, two);
  }

  @Test
  void question_withAnyBytes_isHandedOnAsItIs() throws Exception {
    try (ScriptedNameServer server =
            new ScriptedNameServer().saysOtherwise(DnsMessage.NO_SUCH_NAME);
        OpenNetwork open = open(server)) {
      for (String name :
          List.of("My Printer._ipp._tcp.example", "b\u00fccher.example", "a,b.example")) {
        byte[] question = UserNetworkTest.question(name, 16);
        open.guest.udp(GATEWAY, 40000, 53, question);
        assertThat(server.asked.poll(60, TimeUnit.SECONDS)).isEqualTo(question);
        assertThat(open.guest.next().data()[3] & 15).isEqualTo(DnsMessage.NO_SUCH_NAME);
      }
      // A dot in a label is none between labels: no rule is for that name.
      byte[] dotted = UserNetworkTest.question("oneyexample");
      dotted[12 + 4] = '.';
      open.guest.udp(GATEWAY, 40000, 53, dotted);
      assertThat(open.guest.next().data()[3] & 15).isEqualTo(DnsMessage.REFUSED);
      assertThat(open.refused().destination()).isEqualTo("one\\046example");
      assertThat(server.asked).isEmpty();
    }
  }

  @Test
  void request_thatTheHostsResolverCannotBeAsked_isAnsweredByAnError() throws Exception {
    try (OpenNetwork open = open()) {
      for (String name : List.of("My Printer._ipp._tcp.example", "b\u00fccher.example")) {
        assertThat(ask(open, name).get(3) & 15).isEqualTo(DnsMessage.NOT_IMPLEMENTED);
      }
      byte[] update = UserNetworkTest.question("zone.example", 6);
      update[2] = 0x28;
      open.guest.udp(GATEWAY, 40000, 53, update);
      byte[] no = open.guest.next().data();
      assertThat(no).hasSize(12);
      assertThat(no[2] & 0xff).as("an answer to an update").isEqualTo(0xa8);
      assertThat(no[3] & 15).isEqualTo(DnsMessage.NOT_IMPLEMENTED);
      byte[] cut = java.util.Arrays.copyOf(UserNetworkTest.question("a.example"), 15);
      open.guest.udp(GATEWAY, 40000, 53, cut);
      assertThat(open.guest.next().data()[3] & 15).isEqualTo(DnsMessage.FORMAT_ERROR);

      FakeStream stream = new FakeStream(open.guest, GATEWAY, 40001, 53);
      for (byte[] request : List.of(update, UserNetworkTest.question("b\u00fccher.example"))) {
        ByteBuffer framed = ByteBuffer.allocate(2 + request.length);
        stream.write(framed.putShort((short) request.length).put(request).array());
        assertThat(stream.message().get(3) & 15).isEqualTo(DnsMessage.NOT_IMPLEMENTED);
      }
    }
  }
}
