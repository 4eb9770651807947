package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Container;
import io.katajava.EgressPolicy;
import io.katajava.Kata;
import io.katajava.Network;
import io.katajava.PublishedPort;
import io.katajava.PublishedPort.Protocol;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.qemu.QemuConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** IPv6 of guests, on every kind of network. */
class Ipv6NetworkIT {
  private static final String GATEWAY = "fd6b:6174:6100:2::2";
  private static final String NAMESPACE = "kata-test6";
  private static final int PATIENCE_SECONDS = 120;

  @TempDir Path directory;

  private Kata kata() {
    return kata(QemuConfig.builder().build());
  }

  private Kata kata(QemuConfig qemu) {
    return Kata.builder().stateDirectory(directory.resolve("s")).hypervisor(qemu).build();
  }

  private static void assertServes(Sandbox sandbox, InetAddress address, int port)
      throws IOException {
    try (Container server =
        sandbox.container("hello").command("nc", "-l", "-p", "7", "-e", "hostname").start()) {
      UserNetworkIT.awaitListener(sandbox, "tcp", 7);
      try (Socket socket = new Socket(address, port)) {
        assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
            .isEqualTo(sandbox.id() + "\n");
      }
      assertThat(server.mainProcess().waitFor().exitCode()).isZero();
    }
  }

  @Test
  void userNetwork_reachesWhatThePolicyAllowsByAddressAndName() throws Exception {
    HostAddresses.assumeIpv6();
    String own = "fd12:7::1";
    try (HostAddresses host = new HostAddresses()) {
      host.addToLoopback(own + "/128");
      try (FakeNameServer names = new FakeNameServer();
          ServerSocket service = new ServerSocket(0, 5, InetAddress.getByName(own));
          Kata kata = kata()) {
        int port = service.getLocalPort();
        names.answer("six.example", own);
        EgressPolicy policy = EgressPolicy.denyAll().allow("*.example").allow(own, port);
        try (Sandbox sandbox =
            kata.sandbox()
                .dns("127.0.0.1:" + names.port())
                .network(Network.user(n -> n.egress(policy)))
                .start()) {
          LinkedBlockingQueue<SandboxEvent.EgressRefused> refused = new LinkedBlockingQueue<>();
          sandbox.onEvent(
              event -> {
                if (event instanceof SandboxEvent.EgressRefused one) {
                  refused.add(one);
                }
              });
          assertThat(sandbox.exec("ip", "-6", "route").stdoutText())
              .contains("default via " + GATEWAY + " dev eth0");
          sandbox.exec("ping", "-6", "-c", "1", "-W", "60", GATEWAY).orThrow();
          for (String to : new String[] {own, "six.example"}) {
            CompletableFuture<Void> serving = HostService.serveOnce(service, "by IPv6\n");
            assertThat(
                    sandbox
                        .exec("sh", "-c", "nc -w 60 " + to + " " + port + " </dev/null")
                        .stdoutText())
                .as(to)
                .isEqualTo("by IPv6\n");
            serving.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
          }
          assertThat(sandbox.exec("nc", "-w", "20", "fd12:8::1", "80").exitCode()).isNotZero();
          SandboxEvent.EgressRefused event = refused.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
          assertThat(event).isNotNull();
          assertThat(event.destination()).isEqualTo("fd12:8::1");
          assertThat(event.reason()).isEqualTo("it is a private address");
        }
      }
    }
  }

  @Test
  void userNetwork_withAddressesOfItsOwn_publishesAtTheHostsIpv6Loopback() throws Exception {
    HostAddresses.assumeIpv6();
    try (Kata kata = kata();
        Sandbox sandbox =
            kata.sandbox()
                .network(
                    Network.user(
                        n ->
                            n.publish(PublishedPort.tcp(7).onHostAddress("::1"))
                                .guest(g -> g.address("fd77::9/64").gateway("fd77::1").mtu(1400))))
                .start()) {
      assertThat(sandbox.exec("sh", "-c", "ip addr; ip -6 route").stdoutText())
          .contains("fd77::9/64", "10.0.2.15/24", "mtu 1400", "default via fd77::1 dev eth0");
      sandbox.exec("ping", "-6", "-c", "1", "-W", "60", "fd77::1").orThrow();
      InetSocketAddress at = sandbox.network().mapping(Protocol.TCP, 7).host();
      assertThat(at.getAddress())
          .isEqualTo(PublishedPort.tcp(7).onHostAddress("::1").hostAddress().orElseThrow());
      assertServes(sandbox, at.getAddress(), at.getPort());
    }
  }

  @Test
  void userNetwork_ofAGuestWithoutIpv6_hasIpv4() {
    QemuConfig without = QemuConfig.builder().addKernelParameter("ipv6.disable=1").build();
    try (Kata kata = kata(without);
        Sandbox sandbox = kata.sandbox().network(Network.user()).start()) {
      assertThat(sandbox.exec("ip", "addr").stdoutText())
          .contains("10.0.2.15/24")
          .doesNotContain("inet6");
      sandbox.exec("ping", "-c", "1", "-W", "60", "10.0.2.2").orThrow();
    }
  }

  @Test
  void bridge_withAnIpv6Address_leadsToTheHostAndBack() throws Exception {
    HostAddresses.assumeIpv6();
    try (HostAddresses host = new HostAddresses()) {
      host.ip("link", "add", "ktest-br6", "type", "bridge");
      host.undo("ip", "link", "del", "ktest-br6");
      host.ip("addr", "add", "fd12:9::1/64", "dev", "ktest-br6", "nodad");
      host.ip("link", "set", "ktest-br6", "up");
      try (Kata kata = kata();
          Sandbox sandbox =
              kata.sandbox()
                  .network(
                      Network.bridge(
                          "ktest-br6", g -> g.address("fd12:9::2/64").gateway("fd12:9::1")))
                  .start()) {
        assertThat(sandbox.exec("ip", "-6", "route").stdoutText())
            .contains("default via fd12:9::1 dev eth0");
        sandbox.exec("ping", "-6", "-c", "1", "-W", "60", "fd12:9::1").orThrow();
        assertServes(sandbox, InetAddress.getByName("fd12:9::2"), 7);
      }
    }
  }

  @Test
  void namespace_givesTheGuestItsIpv6AddressesAndRoutes() throws Exception {
    HostAddresses.assumeIpv6();
    try (HostAddresses host = new HostAddresses()) {
      host.ip("netns", "add", NAMESPACE);
      host.undo("ip", "netns", "del", NAMESPACE);
      host.ip("link", "add", "ktest-veth6", "type", "veth", "peer", "eth0", "netns", NAMESPACE);
      host.undo("ip", "link", "del", "ktest-veth6");
      host.ip("addr", "add", "fd12:a::1/64", "dev", "ktest-veth6", "nodad");
      host.ip("link", "set", "ktest-veth6", "up");
      host.ip("-n", NAMESPACE, "addr", "add", "fd12:a::2/64", "dev", "eth0", "nodad");
      host.ip("-n", NAMESPACE, "link", "set", "eth0", "up");
      host.ip("-n", NAMESPACE, "-6", "route", "add", "default", "via", "fd12:a::1");
      host.ip("-n", NAMESPACE, "-6", "route", "add", "fd12:b::/32", "via", "fd12:a::1");
      host.ip("-n", NAMESPACE, "-6", "route", "add", "fd12:c::9", "dev", "eth0");
      try (Kata kata = kata();
          Sandbox sandbox = kata.sandbox().network(Network.namespace(NAMESPACE)).start()) {
        assertThat(sandbox.exec("sh", "-c", "ip -6 addr; ip -6 route").stdoutText())
            .contains(
                "fd12:a::2/64",
                "default via fd12:a::1 dev eth0",
                "fd12:b::/32 via fd12:a::1 dev eth0",
                "fd12:c::9 dev eth0");
        sandbox.exec("ping", "-6", "-c", "1", "-W", "60", "fd12:a::1").orThrow();
        assertServes(sandbox, InetAddress.getByName("fd12:a::2"), 7);
      }
      assertThat(HostAddresses.run(List.of("ip", "-n", NAMESPACE, "-6", "addr")))
          .contains("fd12:a::2/64");
    }
  }
}
