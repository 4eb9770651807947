package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.testing.FakeProcess;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.Wait;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Containers of one network, which share one machine's ports: none answers for another. */
@Timeout(180)
class NetworkPortsTest {
  private static final String AT_8080 =
      " 0: 00000000:1F90 00000000:0000 0A 0:0\n 1: 00000000:1538 00000000:0000 0A 0:0\n";

  @TempDir Path directory;
  private FakeGuest guest;
  private KataNetwork network;

  @BeforeEach
  void open() throws Exception {
    guest = new FakeGuest(directory);
    network = KataNetwork.newNetwork().withKata(guest.kata);
    guest.listening = AT_8080;
  }

  @AfterEach
  void close() {
    network.close();
    assertThat(guest.kata.sandboxes()).isEmpty();
    guest.close();
  }

  private KataContainer member(String command) {
    return new KataContainer().withNetwork(network).withCommand(command);
  }

  @Test
  void port_thatAnotherExposes_isRefused() {
    KataContainer one = member("one").withExposedPorts(8080);
    KataContainer two = member("two").withExposedPorts(8080, 81);
    one.start();
    assertThatThrownBy(two::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("exposes port 8080, as does " + one.label());
    assertThat(two.isCreated()).isFalse();
    KataContainer bound = member("three");
    bound.setPortBindings(List.of("0:8080"));
    assertThatThrownBy(bound::start).hasMessageContaining("exposes port 8080");

    one.stop();
    two.withExposedPorts(8080).start();
    assertThat(two.getMappedPort(8080)).isPositive();
    assertThat(two.getBoundPortNumbers()).containsExactly(two.getMappedPort(8080));
  }

  @Test
  void port_thatOnlyAnotherListensAt_isNoReadiness() {
    member("one").start();
    guest.behaviour =
        process -> {
          if (process.args().equals(List.of("two"))) {
            process.stderr("address in use").closeOutput().exit(1);
          }
        };
    assertThatThrownBy(member("two").waitingFor(Wait.forListeningPort(5432))::start)
        .isInstanceOf(ContainerNotReadyException.class)
        .hasMessageContaining("exited with 1")
        .hasMessageContaining("address in use");
  }

  @Test
  void port_ofAnother_isNotMapped() {
    KataContainer one = member("one").withExposedPorts(8080);
    KataContainer two = member("two").withExposedPorts(5432);
    one.start();
    two.start();
    assertThat(two.getBoundPortNumbers()).containsExactly(two.getMappedPort(5432));
    assertThatThrownBy(() -> two.getMappedPort(8080))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not expose port 8080")
        .hasMessageContaining(one.label());
    assertThatThrownBy(() -> two.getMappedPort(99)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hostsLine_thatComesTooLate_isRefused() {
    member("one").withExtraHost("db", "192.0.2.1").start();
    member("two").withExtraHost("db", "192.0.2.1").start();
    KataContainer late = new KataContainer().withCommand("three").withExtraHost("x", "192.0.2.2");
    late.withNetwork(network);
    assertThatThrownBy(late::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("[x]");
  }

  @Test
  void member_thatStandsStill_isRunning() throws Exception {
    KataContainer one = member("one");
    assertThat(one.isRunning()).isFalse();
    one.start();
    FakeProcess process = FakeGuest.take(guest.begun);
    one.container().pause();
    assertThat(one.isRunning()).isTrue();
    one.container().resume();
    process.closeOutput().exit(0);
    one.container().mainProcess().waitFor();
    assertThat(one.isRunning()).isFalse();
    assertThat(one.isCreated()).isTrue();
  }
}
