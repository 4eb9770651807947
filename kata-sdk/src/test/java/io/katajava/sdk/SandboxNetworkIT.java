package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.IpFamily;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.IpAddress;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.VolumeStats;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The guest's network, set up from outside and looked at from a container. */
class SandboxNetworkIT {
  private static final String MAC = "02:00:00:00:00:15";
  private static final String OTHER_MAC = "02:00:00:00:00:16";

  @TempDir Path directory;

  @Test
  void network_setUpThroughTheSandbox_isWhatContainersHave() {
    Leftovers leftovers = new Leftovers(directory.resolve("s"));
    QemuConfig config =
        QemuConfig.builder()
            .addDevice(Nic.of("net0", new NicBackend.User(true, List.of())).withMac(MAC))
            .addDevice(Nic.of("net1", new NicBackend.User(true, List.of())).withMac(OTHER_MAC))
            .build();
    try (Kata kata =
            Kata.builder().stateDirectory(directory.resolve("s")).hypervisor(config).build();
        Sandbox sandbox = kata.sandbox().annotation("purpose", "network").start()) {
      assertThat(sandbox.annotations()).containsEntry("purpose", "network");
      assertThat(sandbox.interfaces())
          .anySatisfy(found -> assertThat(found.macAddress()).isEqualTo(MAC))
          .extracting(NetworkInterface::name)
          .contains("lo", "eth0");

      NetworkInterface wanted =
          new NetworkInterface(
              "pod0",
              MAC,
              1400,
              List.of(IpAddress.parse("10.0.2.15/24"), IpAddress.parse("fec0::15/64")));
      assertThat(sandbox.updateInterface(wanted)).isEqualTo(wanted);
      NetworkRoute other =
          new NetworkRoute("192.0.2.0/24", "", "pod0", "10.0.2.15", 253, false, 0, 1300);
      List<NetworkRoute> routes =
          sandbox.updateRoutes(
              List.of(
                  NetworkRoute.defaultVia("10.0.2.2", "pod0"),
                  NetworkRoute.defaultVia("fec0::2", "pod0"),
                  other));
      assertThat(routes).contains(NetworkRoute.defaultVia("10.0.2.2", "pod0"), other);
      assertThat(sandbox.routes()).containsExactlyElementsOf(routes);
      sandbox.addNeighbors(
          List.of(
              new ArpNeighbor(IpAddress.parse("10.0.2.77"), "pod0", "02:00:00:00:00:77", 0, 0)));

      String link = ip(sandbox, "addr", "show", "dev", "pod0");
      assertThat(link).contains(MAC, "mtu 1400", "inet 10.0.2.15/24 brd 10.0.2.255");
      assertThat(link).contains("inet6 fec0::15/64", "UP");
      assertThat(link).doesNotContainPattern("fec0::15/64 [^\n]*tentative");
      assertThat(ip(sandbox, "route"))
          .contains("default via 10.0.2.2 dev pod0")
          .containsPattern("192\\.0\\.2\\.0/24 dev pod0 .*src 10\\.0\\.2\\.15");
      assertThat(ip(sandbox, "-6", "route")).contains("default via fec0::2 dev pod0");
      assertThat(ip(sandbox, "neigh"))
          .containsPattern("10\\.0\\.2\\.77 dev pod0 lladdr 02:00:00:00:00:77 .*PERMANENT");
      // Packets come and go: QEMU's own end answers.
      sandbox.exec("ping", "-c", "1", "-W", "30", "10.0.2.2").orThrow();

      assertThatThrownBy(
              () ->
                  sandbox.updateRoutes(
                      List.of(NetworkRoute.defaultVia("10.9.9.9", "no-such-link"))))
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_REFUSED))
          .hasMessageContaining("Link not found: no-such-link");

      // Whoever has the name gets the old one.
      sandbox.updateInterface(new NetworkInterface("pod0", OTHER_MAC, 0, List.of()));
      assertThat(ip(sandbox, "link", "show", "dev", "pod0")).contains(OTHER_MAC, "UP");
      assertThat(ip(sandbox, "link", "show", "dev", "eth1")).contains(MAC, "UP");

      for (IpFamily family : IpFamily.values()) {
        assertThatThrownBy(() -> sandbox.ipTables(family))
            .isInstanceOf(KataException.class)
            .hasMessageContaining("the guest image has no ip")
            .hasMessageContaining("tables-save");
      }
      assertThatThrownBy(() -> sandbox.setPolicy("package agent_policy"))
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_REFUSED))
          .hasMessageContaining("this agent has no policy");

      VolumeStats.Usage memory = sandbox.volumeStats("/dev/shm").bytes().orElseThrow();
      assertThat(memory.total()).isPositive();
      assertThat(memory.used() + memory.available()).isEqualTo(memory.total());
    }
    leftovers.assertNone();
  }

  private static String ip(Sandbox sandbox, String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "ip";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return sandbox.exec(command).orThrow().stdoutText();
  }
}
