package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Network;
import io.katajava.Sandbox;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests on interfaces of the host's kernel: bridge, TAP and network namespace. */
class HostNetworkIT {
  private static final String BRIDGE = "ktest-br";
  private static final String NAMESPACE = "kata-test";
  private static final String VETH = "ktest-veth";
  private static final int PATIENCE_SECONDS = 60;

  @TempDir Path directory;
  private final Deque<List<String>> undo = new ArrayDeque<>();

  @BeforeEach
  void requireTun() {
    assumeTrue("root".equals(System.getProperty("user.name")), "interfaces of the host need root");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "this kernel has no /dev/net/tun");
  }

  @AfterEach
  void undo() throws Exception {
    while (!undo.isEmpty()) {
      run(undo.pop());
    }
    assertThat(run(List.of("ip", "-o", "link"))).doesNotContain("ktest", ": kt");
  }

  private Kata kata() {
    return Kata.builder().stateDirectory(directory.resolve("s")).build();
  }

  private void ip(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    run(command);
  }

  private static String run(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("%s: %s", command, output).isZero();
    return output;
  }

  private static void assertServes(Sandbox sandbox, String address) throws IOException {
    try (Container server =
        sandbox.container("hello").command("nc", "-l", "-p", "7", "-e", "hostname").start()) {
      UserNetworkIT.awaitListener(sandbox, "tcp", 7);
      try (Socket socket = new Socket(InetAddress.getByName(address), 7);
          InputStream in = socket.getInputStream()) {
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
            .isEqualTo(sandbox.id() + "\n");
      }
      assertThat(server.mainProcess().waitFor().exitCode()).isZero();
    }
  }

  @Test
  void bridge_joined_leadsToTheHostAndTheInterfaceGoesWithTheSandbox() throws Exception {
    ip("link", "add", BRIDGE, "type", "bridge");
    undo.push(List.of("ip", "link", "del", BRIDGE));
    ip("addr", "add", "10.231.7.1/24", "dev", BRIDGE);
    ip("link", "set", BRIDGE, "up");
    try (Kata kata = kata();
        Sandbox sandbox =
            kata.sandbox()
                .dns("10.231.7.1")
                .network(
                    Network.bridge(
                        BRIDGE, g -> g.address("10.231.7.2/24").gateway("10.231.7.1").mtu(1400)))
                .start()) {
      assertThat(run(List.of("ip", "-o", "link"))).contains("kt" + sandbox.id() + "0");
      assertThat(sandbox.exec("sh", "-c", "ip addr; ip route; cat /etc/resolv.conf").stdoutText())
          .contains("10.231.7.2/24", "mtu 1400", "default via 10.231.7.1", "nameserver 10.231.7.1");
      sandbox.exec("ping", "-c", "1", "-W", "60", "10.231.7.1").orThrow();
      assertServes(sandbox, "10.231.7.2");
      assertThatThrownBy(() -> sandbox.mappedPort(7)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void namespace_joined_givesTheGuestItsAddressesAndIsLeftAsItWas() throws Exception {
    ip("netns", "add", NAMESPACE);
    undo.push(List.of("ip", "netns", "del", NAMESPACE));
    ip("link", "add", VETH, "type", "veth", "peer", "name", "eth0", "netns", NAMESPACE);
    undo.push(List.of("ip", "link", "del", VETH));
    ip("addr", "add", "10.231.8.1/24", "dev", VETH);
    ip("link", "set", VETH, "up");
    ip("-n", NAMESPACE, "addr", "add", "10.231.8.2/24", "dev", "eth0");
    ip("-n", NAMESPACE, "link", "set", "eth0", "up");
    ip("-n", NAMESPACE, "route", "add", "default", "via", "10.231.8.1");
    ip("-n", NAMESPACE, "route", "add", "198.51.100.0/24", "via", "10.231.8.1");
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().network(Network.namespace(NAMESPACE)).start()) {
      assertThat(sandbox.exec("sh", "-c", "ip addr; ip route").stdoutText())
          .contains("10.231.8.2/24", "default via 10.231.8.1", "198.51.100.0/24 via 10.231.8.1");
      sandbox.exec("ping", "-c", "1", "-W", "60", "10.231.8.1").orThrow();
      assertServes(sandbox, "10.231.8.2");
    }
    assertThat(run(List.of("ip", "-n", NAMESPACE, "-o", "link"))).doesNotContain(": kt");
    assertThat(
            run(
                List.of(
                    "nsenter",
                    "--net=/var/run/netns/" + NAMESPACE,
                    "--",
                    "tc",
                    "qdisc",
                    "show",
                    "dev",
                    "eth0")))
        .doesNotContain("ingress");
  }

  @Test
  void tap_thatExists_isUsedAndStays() throws Exception {
    ip("tuntap", "add", "dev", "ktest-tap", "mode", "tap");
    undo.push(List.of("ip", "link", "del", "ktest-tap"));
    ip("addr", "add", "10.231.9.1/24", "dev", "ktest-tap");
    ip("link", "set", "ktest-tap", "up");
    try (Kata kata = kata();
        Sandbox sandbox =
            kata.sandbox()
                .network(Network.tap("ktest-tap", g -> g.address("10.231.9.2/24")))
                .start()) {
      sandbox.exec("ping", "-c", "1", "-W", "60", "10.231.9.1").orThrow();
    }
    assertThat(run(List.of("ip", "-o", "link"))).contains("ktest-tap");
  }

  @Test
  void interface_thatIsNotThere_failsTheStartAndSaysWhich() {
    try (Kata kata = kata()) {
      for (Network network :
          List.of(
              Network.tap("ktest-no", g -> {}),
              Network.bridge("ktest-no", g -> {}),
              Network.namespace("ktest-no"))) {
        assertThatThrownBy(() -> kata.sandbox().network(network).start())
            .isInstanceOfSatisfying(
                KataException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.NETWORK_UNAVAILABLE))
            .hasMessageContaining("ktest-no");
      }
    }
  }
}
