package io.katajava.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.AgentException;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.SandboxRequest;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent as pid 1 of the guest that applications get. */
class AgentInGuestIT {
  private static final long MEBIBYTE = 1 << 20;

  @TempDir Path directory;

  @Test
  @Timeout(120)
  void idleAgent_staysSmall_andSwitchesTheMachineOffWhenTheSandboxIsDestroyed() throws Exception {
    GuestAssets guest = GuestBuilder.create().architecture("x86_64").build(TestMachine.CACHE);
    try (TestMachine machine = TestMachine.withSerialPort(guest, directory, "quiet")) {
      machine.awaitAgent();
      try (AgentClient agent =
          AgentClient.connect(machine.address(), AgentClientOptions.builder().build())) {
        assertThat(agent.guestDetails().initDaemon()).isTrue();
        String metrics = agent.diagnostics().metrics();
        assertThat(gauge(metrics, "kata_agent_resident_bytes"))
            .as(metrics)
            .isBetween(MEBIBYTE / 2, 6 * MEBIBYTE);
        Files.writeString(Path.of("target", "agent-metrics.txt"), metrics);
        agent.destroySandbox();
      }
      machine.waitForEnd(30);
      assertThat(machine.exitValue()).isZero();
    }
  }

  @Test
  @Timeout(120)
  void calls_thatCarryATraceContext_haveItInTheirLogLines() throws Exception {
    String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    GuestAssets guest = GuestBuilder.create().architecture("x86_64").build(TestMachine.CACHE);
    String console;
    try (TestMachine machine =
        TestMachine.withSerialPort(guest, directory, "loglevel=8 agent.log=debug")) {
      machine.awaitAgent();
      try (AgentClient agent =
          AgentClient.connect(
              machine.address(), AgentClientOptions.builder().traceparent(() -> trace).build())) {
        assertThatThrownBy(() -> agent.startContainer("nobody")).isInstanceOf(AgentException.class);
      }
      try (AgentClient agent =
          AgentClient.connect(
              machine.address(),
              AgentClientOptions.builder().traceparent(() -> "forged\ntext").build())) {
        agent.destroySandbox();
      }
      console = machine.waitForEnd(30);
    }
    List<String> lines = console.lines().map(String::stripTrailing).toList();
    assertThat(lines)
        .anyMatch(line -> line.endsWith(" StartContainer traceparent=" + trace))
        .anyMatch(line -> line.contains("is refused") && line.endsWith(" traceparent=" + trace))
        .anyMatch(line -> line.endsWith(" DestroySandbox"))
        .noneMatch(line -> line.contains("forged"));
  }

  @Test
  @Timeout(120)
  void devices_atTheirSlots_areFoundWhenTheirDriversAreNotLoadedYet() throws Exception {
    GuestAssets guest = GuestBuilder.create().architecture("x86_64").build(TestMachine.CACHE);
    try (TestMachine machine =
        TestMachine.withSerialPort(
            guest,
            directory,
            "quiet",
            "-drive",
            "if=none,id=swap,format=raw,file=" + swapArea(16),
            "-device",
            "virtio-blk-pci,drive=swap,addr=05",
            "-netdev",
            "user,id=net,restrict=on",
            "-device",
            "virtio-net-pci,netdev=net,addr=06,mac=02:00:00:00:00:06")) {
      machine.awaitAgent();
      try (AgentClient agent =
          AgentClient.connect(machine.address(), AgentClientOptions.builder().build())) {
        agent.machine().addSwap(List.of(5));
        assertThatThrownBy(() -> agent.machine().addSwapPath("/dev/vda"))
            .as("it is in use")
            .isInstanceOf(AgentException.class)
            .hasMessageContaining("EBUSY");

        NetworkInterface card = card("06");
        assertThat(agent.network().updateInterface(card)).isEqualTo(card);
        assertThatThrownBy(() -> agent.network().updateInterface(card("07")))
            .isInstanceOf(AgentException.class)
            .hasMessageContaining("the device did not appear");

        agent.createSandbox(SandboxRequest.builder("box").build());
        agent.files().removeStaleShareMounts();
        assertThatThrownBy(() -> agent.diagnostics().diagnosticData("termination_log", "nobody"))
            .isInstanceOf(AgentException.class);
        agent.destroySandbox();
      }
      machine.waitForEnd(30);
    }
  }

  @Test
  @Timeout(120)
  void packetFilter_isThatOfTheProgramsInTheImage() throws Exception {
    // In place of the real ones: what matters here is how they are called.
    String shell = "#!/usr/lib/kata/rootfs/busybox/bin/busybox sh\n";
    String busybox = "/usr/lib/kata/rootfs/busybox/bin/busybox ";
    GuestAssets guest =
        GuestBuilder.create()
            .architecture("x86_64")
            .file("/usr/sbin/iptables-restore", script(shell + busybox + "cat >/run/rules"), 0755)
            .file("/usr/sbin/iptables-save", script(shell + busybox + "cat /run/rules"), 0755)
            .file("/sbin/ip6tables-restore", script(shell + "echo bad rule >&2; exit 2"), 0755)
            .build(TestMachine.CACHE);
    try (TestMachine machine = TestMachine.withSerialPort(guest, directory, "quiet")) {
      machine.awaitAgent();
      try (AgentClient agent =
          AgentClient.connect(machine.address(), AgentClientOptions.builder().build())) {
        byte[] rules = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n".getBytes(StandardCharsets.UTF_8);
        assertThat(agent.network().setIpTables(false, rules)).isEmpty();
        assertThat(agent.network().ipTables(false)).isEqualTo(rules);
        assertThatThrownBy(() -> agent.network().setIpTables(true, rules))
            .isInstanceOf(AgentException.class)
            .hasMessageContaining("program /sbin/ip6tables-restore: exit status 2: bad rule");
        assertThatThrownBy(() -> agent.network().ipTables(true))
            .isInstanceOf(AgentException.class)
            .hasMessageContaining("the guest image has no ip6tables-save");
      }
    }
  }

  private Path script(String text) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "program", ""), text + "\n");
  }

  private static NetworkInterface card(String slot) {
    return new NetworkInterface("eth0", "eth0", List.of(), 1500, "02:00:00:00:00:06", slot, "", 0);
  }

  /** What mkswap(8) would write: version and last page at 1024, the signature at the page's end. */
  private Path swapArea(int pages) throws IOException {
    ByteBuffer area = ByteBuffer.allocate(pages * 4096).order(ByteOrder.LITTLE_ENDIAN);
    area.putInt(1024, 1).putInt(1028, pages - 1);
    area.put(4086, "SWAPSPACE2".getBytes(StandardCharsets.US_ASCII));
    return Files.write(directory.resolve("swap"), area.array());
  }

  @Test
  void agentBinary_isSmall() throws Exception {
    try (InputStream binary =
        AgentInGuestIT.class.getResourceAsStream("/io/katajava/guest/agent/x86_64/kata-agent")) {
      assertThat(binary).isNotNull();
      assertThat((long) binary.readAllBytes().length).isLessThanOrEqualTo(4 * MEBIBYTE);
    }
  }

  private static long gauge(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + " in: " + metrics));
  }
}
