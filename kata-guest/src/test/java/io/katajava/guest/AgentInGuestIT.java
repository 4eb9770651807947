package io.katajava.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.spi.GuestAssets;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent as pid 1 of the guest that applications get. */
class AgentInGuestIT {
  private static final Path CACHE = Path.of("target", "guest-cache").toAbsolutePath();
  private static final long MEBIBYTE = 1 << 20;

  @TempDir Path directory;

  @Test
  @Timeout(120)
  void idleAgent_staysSmall_andSwitchesTheMachineOffWhenTheSandboxIsDestroyed() throws Exception {
    GuestAssets guest = GuestBuilder.create().architecture("x86_64").build(CACHE);
    Path port = directory.resolve("agent.sock");
    Path console = directory.resolve("console");
    Process qemu = boot(guest, port, console);
    try {
      // The monitor greets when all sockets are there.
      assertThat(qemu.inputReader().readLine()).contains("QMP");
      try (AgentClient agent =
          AgentClient.connect(
              new AgentAddress.SerialPort(port), AgentClientOptions.builder().build())) {
        assertThat(agent.guestDetails().initDaemon()).isTrue();
        String metrics = agent.diagnostics().metrics();
        assertThat(gauge(metrics, "kata_agent_resident_bytes"))
            .as(metrics)
            .isBetween(MEBIBYTE / 2, 6 * MEBIBYTE);
        Files.writeString(Path.of("target", "agent-metrics.txt"), metrics);
        agent.destroySandbox();
      }
      assertThat(qemu.waitFor(30, TimeUnit.SECONDS))
          .as("the guest is off; its console: %s", Files.readString(console))
          .isTrue();
      assertThat(qemu.exitValue()).isZero();
    } finally {
      qemu.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
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

  private static Process boot(GuestAssets guest, Path port, Path console) throws Exception {
    return new ProcessBuilder(
            List.of(
                "qemu-system-x86_64",
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-machine",
                "q35,accel=tcg",
                "-cpu",
                "max",
                "-m",
                "256",
                "-no-reboot",
                "-device",
                "virtio-serial-pci",
                "-chardev",
                "socket,id=agent,server=on,wait=off,path=" + port,
                "-device",
                "virtserialport,chardev=agent,name=" + guest.agentPort(),
                "-serial",
                "file:" + console,
                "-qmp",
                "stdio",
                "-kernel",
                guest.kernel().toString(),
                "-initrd",
                guest.initrd().orElseThrow().toString(),
                "-append",
                "console=ttyS0 panic=-1 quiet " + String.join(" ", guest.kernelParameters())))
        .redirectErrorStream(true)
        .start();
  }
}
