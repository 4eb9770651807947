package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.EgressPolicy;
import io.katajava.Network.Mapping;
import io.katajava.PublishedPort;
import io.katajava.SandboxEvent;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a guest, or whoever connects to it, leaves of a JVM's descriptors. */
@Timeout(300)
class DescriptorBoundsTest {
  private static final int FEW = 300;

  /** Of the two seconds that are looked at. */
  private static final long LITTLE_CPU_MILLIS = 300;

  /** What such a JVM says of itself; see {@link NarrowJvm}. */
  private static Map<String, String> run(int descriptors, String what, int count) throws Exception {
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -n " + descriptors + " && exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                NarrowJvm.class.getName(),
                what,
                Integer.toString(count))
            .redirectErrorStream(true)
            .start();
    try {
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(said).isZero();
      Map<String, String> all = new HashMap<>();
      for (String line : said.split("\n", -1)) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          all.put(line.substring(0, equals), line.substring(equals + 1));
        }
      }
      return all;
    } finally {
      process.destroyForcibly();
    }
  }

  private static long number(Map<String, String> said, String name) {
    return Long.parseLong(said.get(name));
  }

  @Test
  void guest_thatConnectsToADeadService_leavesDescriptorsAndOtherServices() throws Exception {
    Map<String, String> said = run(FEW, "syns", 1500);
    assertThat(said).containsEntry("file", "ok").containsEntry("socket", "ok");
    assertThat(said).containsEntry("other", "served");
    assertThat(number(said, "open")).isBetween(1L, FEW / 2L + 30);
    assertThat(number(said, "resets")).as("it is told").isGreaterThan(1400);
  }

  @Test
  void guest_thatSendsDatagramsEverywhere_leavesDescriptors() throws Exception {
    Map<String, String> said = run(FEW, "datagrams", 600);
    assertThat(said).containsEntry("file", "ok").containsEntry("socket", "ok");
    assertThat(number(said, "open")).isBetween(1L, FEW / 2L + 30);
  }

  @Test
  void guest_thatConnectsAndResetsAtOnce_leavesDescriptors() throws Exception {
    Map<String, String> said = run(FEW, "churn", 1500);
    assertThat(said).containsEntry("file", "ok").containsEntry("socket", "ok");
    assertThat(said).containsEntry("always", "true");
  }

  @Test
  void port_forWhichThereIsNoDescriptor_waitsWithoutWorkAndGoesOn() throws Exception {
    Map<String, String> said = run(FEW, "accept", 0);
    assertThat(number(said, "cpu")).isLessThan(LITTLE_CPU_MILLIS);
    assertThat(said).containsKey("acceptedAfterMillis").containsEntry("paused", "true");
  }

  @Test
  void link_forWhichThereIsNoDescriptor_waitsWithoutWork() throws Exception {
    Map<String, String> said = run(FEW, "link", 0);
    assertThat(number(said, "cpu")).isLessThan(LITTLE_CPU_MILLIS);
  }

  @Test
  void peers_thatSayNothing_areEndedForOneThatComes() throws Exception {
    Map<String, String> said = run(4096, "silent", 1100);
    assertThat(said).containsEntry("lastReset", "20").containsEntry("lastEnded", "0");
    assertThat(said).containsEntry("newcomer", "served");
    assertThat(number(said, "evicted")).isPositive();
  }

  @Test
  void guests_together_leaveAReserveAndSomethingForOneMore() {
    assertThat(SocketBudget.guestsShare(300)).isEqualTo(150);
    assertThat(SocketBudget.guestsShare(1024)).isEqualTo(768);
    assertThat(SocketBudget.guestsShare(20_000)).isEqualTo(15_000);
    SocketBudget budget = new SocketBudget(150);
    int taken = 0;
    for (int guest = 0; guest < 10; guest++) {
      SocketBudget.Share share = budget.share(() -> {});
      int mine = 0;
      while (share.take()) {
        mine++;
      }
      int least = guest == 0 ? 75 : guest < 6 ? 2 : 0;
      assertThat(mine).as("guest %s", guest).isBetween(least, 75);
      assertThat(share.used()).isEqualTo(mine);
      taken += mine;
      assertThat(budget.used()).isEqualTo(taken);
    }
    assertThat(taken).isLessThanOrEqualTo(150);
  }

  @ParameterizedTest
  @CsvSource({
    "true, false, false, HALF_OPEN, 3",
    "true, true, false, HALF_OPEN, 3",
    "false, true, false, SILENT, 10",
    "false, true, true, IDLE_INWARD, 300",
    "false, false, false, IDLE, 300",
    "false, false, true, IDLE, 300"
  })
  void connection_isOfNoUse_afterThePatienceOfItsKind(
      boolean dialling,
      boolean inward,
      boolean hostHasSpoken,
      TcpEviction.Kind kind,
      long seconds) {
    assertThat(TcpEviction.kindOf(dialling, inward, hostHasSpoken)).isEqualTo(kind);
    assertThat(kind.patience).isEqualTo(TimeUnit.SECONDS.toNanos(seconds));
  }

  @Test
  void network_whoseSelectorBreaks_saysSoAndLeavesNothing() throws Exception {
    try (OpenNetwork open =
        new OpenNetwork(EgressPolicy.denyAll(), List.of(), Map.of(), List.of(), ip -> true)) {
      Mapping port = open.network.publish(PublishedPort.tcp(80));
      Field selector = UserNetwork.class.getDeclaredField("selector");
      selector.setAccessible(true);
      ((Selector) selector.get(open.network)).close();

      assertThat(open.events.poll(60, TimeUnit.SECONDS))
          .isInstanceOfSatisfying(
              SandboxEvent.NetworkLost.class,
              lost -> assertThat(lost.reason()).startsWith("java.nio.channels."));
      assertThat(open.network.isListening(80).get(60, TimeUnit.SECONDS)).isFalse();
      // What was published is not left listening.
      new ServerSocket(port.host().getPort(), 1, InetAddress.getLoopbackAddress()).close();
    }
  }
}
