package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.EgressPolicy;
import io.katajava.ErrorCode;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Network;
import io.katajava.PublishedPort;
import io.katajava.PublishedPort.Protocol;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests on a network of the JVM's own sockets. */
class UserNetworkIT {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final int PATIENCE_SECONDS = 120;

  @TempDir Path directory;

  private Kata kata() {
    return Kata.builder().stateDirectory(directory.resolve("s")).build();
  }

  /** Returns once a port is listened at in the guest. */
  static void awaitListener(Sandbox sandbox, String protocol, int port) {
    String state = protocol.equals("tcp") ? "0A" : "07";
    String pattern = String.format(":%04X [0-9A-F]*:[0-9A-F]* %s", port, state);
    String files = "/proc/net/" + protocol + " /proc/net/" + protocol + "6";
    String script = "until grep -q '" + pattern + "' " + files + "; do sleep 0.1; done";
    sandbox
        .exec(e -> e.command("sh", "-c", script).timeout(Duration.ofSeconds(PATIENCE_SECONDS)))
        .orThrow();
  }

  @Test
  void port_published_leadsToTheGuestAndNothingIsLeft() throws Exception {
    Leftovers leftovers = new Leftovers(directory.resolve("s"));
    byte[] data = new byte[8 << 20];
    new Random(8).nextBytes(data);
    try (Kata kata = kata();
        Sandbox sandbox =
            kata.sandbox()
                .name("web")
                .network(Network.user(n -> n.publish(80, 7).publish(PublishedPort.udp(7))))
                .start()) {
      assertThat(sandbox.network().published()).hasSize(3);
      assertThat(sandbox.network().mapping(Protocol.UDP, 7).host().getPort()).isPositive();
      assertThat(sandbox.network().mapping(Protocol.TCP, 80).host().getAddress())
          .isEqualTo(LOOPBACK);
      assertThatThrownBy(() -> sandbox.mappedPort(81))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("81/tcp is not published");
      assertThat(sandbox.describe())
          .anySatisfy(choice -> assertThat(choice.what()).isEqualTo("network eth0"));

      // Nobody listens yet: the guest's refusal arrives here.
      try (Socket early = new Socket(LOOPBACK, sandbox.mappedPort(7))) {
        assertThat(end(early.getInputStream())).isTrue();
      }

      try (Container echo =
          sandbox.container("echo").command("nc", "-ll", "-p", "7", "-e", "cat").start()) {
        assertThat(echo.name()).isEqualTo("echo");
        awaitListener(sandbox, "tcp", 7);
        for (int i = 0; i < 3; i++) {
          assertThat(echoed(sandbox.mappedPort(7), data)).isEqualTo(digest(data));
        }
        int later = sandbox.network().publish(PublishedPort.tcp(9)).host().getPort();
        assertThat(later).isEqualTo(sandbox.mappedPort(9));
        assertThat(sandbox.network().unpublish(Protocol.TCP, 9)).isTrue();
        assertThatThrownBy(() -> new Socket(LOOPBACK, later).close())
            .isInstanceOf(IOException.class);
      }
    }
    leftovers.assertNone();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("kata-net-"));
  }

  /** True at the end of the stream and after a reset alike. */
  private static boolean end(InputStream in) {
    try {
      return in.read() < 0;
    } catch (IOException e) {
      return true;
    }
  }

  private static String echoed(int port, byte[] data) throws Exception {
    try (Socket socket = new Socket(LOOPBACK, port)) {
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                try {
                  socket.getOutputStream().write(data);
                  socket.shutdownOutput();
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      byte[] back = socket.getInputStream().readAllBytes();
      writing.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return digest(back);
    }
  }

  private static String digest(byte[] data) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
  }

  @Test
  void egress_denied_isRefusedAndTold() throws Exception {
    try (Kata kata = kata();
        ServerSocket secret = new ServerSocket(0, 5, LOOPBACK);
        Sandbox sandbox = kata.sandbox().network(Network.user()).start()) {
      LinkedBlockingQueue<SandboxEvent.EgressRefused> refused = new LinkedBlockingQueue<>();
      sandbox.onEvent(
          event -> {
            if (event instanceof SandboxEvent.EgressRefused one) {
              refused.add(one);
            }
          });
      // The host's loopback, by the address that QEMU's own user network has for it.
      assertThat(connect(sandbox, "10.0.2.2", secret.getLocalPort())).isNotZero();
      for (String address :
          new String[] {
            "169.254.169.254", "10.1.2.3", "192.168.1.1", "100.64.0.1", "127.0.0.2", hostAddress()
          }) {
        if (address.equals("127.0.0.2")) {
          // The guest's own loopback; no packet leaves.
          assertThat(connect(sandbox, address, 80)).isNotZero();
          continue;
        }
        assertThat(connect(sandbox, address, 80)).isNotZero();
        SandboxEvent.EgressRefused event = refused.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(event).isNotNull();
        assertThat(event.destination()).isEqualTo(address);
        assertThat(event.port()).isEqualTo(80);
        assertThat(event.protocol()).isEqualTo("tcp");
      }
      sandbox.exec("nslookup", "name.example", "10.1.2.3");
      SandboxEvent.EgressRefused event = refused.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(event).isNotNull();
      assertThat(event.protocol()).isEqualTo("udp");
      assertThat(event.reason()).contains("private");
    }
  }

  private static int connect(Sandbox sandbox, String address, int port) {
    return sandbox.exec("nc", "-w", "20", address, Integer.toString(port)).exitCode();
  }

  /** Any address of this host that is not the loopback's, or a private one when it has none. */
  private static String hostAddress() throws IOException {
    return java.net.NetworkInterface.networkInterfaces()
        .flatMap(java.net.NetworkInterface::inetAddresses)
        .filter(a -> a instanceof java.net.Inet4Address && !a.isLoopbackAddress())
        .map(InetAddress::getHostAddress)
        .findFirst()
        .orElse("172.16.0.1");
  }

  @Test
  void names_areAnsweredByTheServerGivenAndOnlyAsFarAsAllowed() throws Exception {
    try (FakeNameServer server = new FakeNameServer();
        ServerSocket service = new ServerSocket(0, 5, InetAddress.getByName("0.0.0.0"));
        Kata kata = kata()) {
      int port = service.getLocalPort();
      String own = hostAddress();
      server.answer("inside.example", own);
      server.answer("open.example", own);
      EgressPolicy policy =
          EgressPolicy.denyAll().allow("*.example").deny("bad.example").allow(own + "/32", port);
      try (Sandbox sandbox =
          kata.sandbox()
              .dns("127.0.0.1:" + server.port())
              .dnsSearch("example")
              .addHost("fixed.test", "192.0.2.77")
              .network(Network.user(n -> n.egress(policy)))
              .start()) {
        CompletableFuture<Void> serving = HostService.serveOnce(service, "reached\n");
        ExecResult result =
            sandbox.exec("sh", "-c", "nc -w 60 open.example " + port + " </dev/null");
        assertThat(result.stdoutText()).isEqualTo("reached\n");
        serving.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(server.asked()).contains("open.example");

        // A name does not open an address that is not public.
        assertThat(sandbox.exec("nc", "-w", "20", "inside.example", "1").exitCode()).isNotZero();
        assertThat(sandbox.exec("nslookup", "bad.example").stdoutText()).contains("REFUSED");
        assertThat(sandbox.exec("nslookup", "other.test").stdoutText()).contains("REFUSED");
        // The host asks for itself: the name's addresses are closed, too.
        assertThat(server.asked()).contains("bad.example").doesNotContain("other.test");

        assertThat(sandbox.exec("cat", "/etc/hosts").stdoutText())
            .contains("127.0.0.1 localhost", "192.0.2.77 fixed.test");
        assertThat(sandbox.exec("cat", "/etc/resolv.conf").stdoutText())
            .isEqualTo("nameserver 10.0.2.2\nsearch example\n");
        assertThat(sandbox.exec("sh", "-c", "echo x > /etc/hosts").exitCode()).isNotZero();
      }
    }
  }

  @Test
  void relay_ofAServiceOfTheHost_isReachedByName() throws Exception {
    Path socket = directory.resolve("service.sock");
    try (ServerSocketChannel unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        ServerSocket loopback = new ServerSocket(0, 5, LOOPBACK);
        Kata kata = kata()) {
      unix.bind(UnixDomainSocketAddress.of(socket));
      try (Sandbox sandbox =
          kata.sandbox()
              .network(
                  Network.user(
                      n ->
                          n.egress(EgressPolicy.denyAll())
                              .relay("db", 5432, socket)
                              .relay(8080, loopback.getLocalPort())))
              .start()) {
        CompletableFuture<Void> serving =
            CompletableFuture.runAsync(
                () -> {
                  try (SocketChannel client = unix.accept()) {
                    client.write(
                        ByteBuffer.wrap("by socket\n".getBytes(StandardCharsets.US_ASCII)));
                    client.shutdownOutput();
                    client.read(ByteBuffer.allocate(1));
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                });
        assertThat(sandbox.exec("sh", "-c", "nc db 5432 </dev/null").stdoutText())
            .isEqualTo("by socket\n");
        serving.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        serving = HostService.serveOnce(loopback, "by port\n");
        assertThat(sandbox.exec("sh", "-c", "nc 10.0.2.2 8080 </dev/null").stdoutText())
            .isEqualTo("by port\n");
        serving.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(connect(sandbox, "10.0.2.2", loopback.getLocalPort())).isNotZero();
      }
    }
  }

  @Test
  void networks_twoWithSettingsOfTheirOwn_areTwoInterfaces() {
    try (Kata kata = kata();
        Sandbox sandbox =
            kata.sandbox()
                .network(
                    Network.user(
                        n ->
                            n.guest(
                                g ->
                                    g.address("192.168.77.9/24")
                                        .gateway("192.168.77.1")
                                        .mtu(1400)
                                        .mac("02:00:00:00:00:77"))),
                    Network.user())
                .start()) {
      String text = sandbox.exec("sh", "-c", "ip addr; ip route").orThrow().stdoutText();
      assertThat(text)
          .contains("192.168.77.9/24", "mtu 1400", "02:00:00:00:00:77", "10.0.3.15/24")
          .contains("default via 192.168.77.1 dev eth0")
          .doesNotContain("default via 10.0.3.2");
      sandbox.exec("ping", "-c", "1", "-W", "60", "192.168.77.1").orThrow();
      sandbox.exec("ping", "-c", "1", "-W", "60", "10.0.3.2").orThrow();
    }
  }

  @Test
  void port_takenOnTheHost_failsTheStartAndSaysWhich() throws Exception {
    Leftovers leftovers = new Leftovers(directory.resolve("s"));
    try (ServerSocket taken = new ServerSocket(0, 5, LOOPBACK);
        Kata kata = kata()) {
      int port = taken.getLocalPort();
      assertThatThrownBy(
              () ->
                  kata.sandbox()
                      .network(Network.user(n -> n.publish(PublishedPort.tcp(80).onHostPort(port))))
                      .start())
          .isInstanceOfSatisfying(
              KataException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.NETWORK_UNAVAILABLE))
          .hasMessageContaining("tcp port " + port + " of 127.0.0.1 cannot be bound");
    }
    leftovers.assertNone();
  }

  @Test
  void port_publishedAtAnAddress_isReachedThere() throws Exception {
    PublishedPort wanted =
        PublishedPort.tcp(7).onHostAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 9}));
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().network(Network.user(n -> n.publish(wanted))).start()) {
      InetSocketAddress host = sandbox.network().mapping(Protocol.TCP, 7).host();
      assertThat(host.getAddress().getHostAddress()).isEqualTo("127.0.0.9");
      try (Container server =
          sandbox.container("hello").command("nc", "-l", "-p", "7", "-e", "hostname").start()) {
        awaitListener(sandbox, "tcp", 7);
        try (Socket socket = new Socket(host.getAddress(), host.getPort())) {
          assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
              .isEqualTo(sandbox.id() + "\n");
        }
        assertThat(server.mainProcess().waitFor().exitCode()).isZero();
      }
    }
  }

  @Test
  void port_ofAContainerThatIsRestarted_isListenedAtWhenThatReturns() throws Exception {
    byte[] data = "again".getBytes(StandardCharsets.UTF_8);
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().network(Network.user(n -> n.publish(7, 9))).start();
        Container echo =
            sandbox
                .container("echo")
                .command("sh", "-c", "sleep 1; exec nc -ll -p 7 -e cat")
                .start()) {
      awaitListener(sandbox, "tcp", 7);
      for (int i = 0; i < 2; i++) {
        echo.restart(Duration.ofSeconds(1));
        assertThat(echoed(sandbox.mappedPort(7), data)).isEqualTo(digest(data));
      }
      assertThat(sandbox.network().statistics().refusedByLimit()).isZero();
    }
  }
}
