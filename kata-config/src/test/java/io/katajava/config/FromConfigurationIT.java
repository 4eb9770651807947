package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Deadline;
import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.Sandbox;
import io.katajava.guest.KataGuestProvider;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From the file to the real machine: its guest, its arguments, its sockets. */
class FromConfigurationIT {
  private static final String SMALL = "[hypervisor.qemu]\ndefault_memory = 256\n";
  private static final String DEBUG = "enable_debug = true\n";

  @TempDir Path directory;
  private ConfigurationDirectory files;

  @BeforeEach
  void makeDirectory() {
    files = new ConfigurationDirectory(directory);
  }

  /** What one start showed. */
  private record Seen(
      List<String> arguments, List<String> sockets, boolean trusted, List<String> warnings) {}

  private Seen start() throws IOException {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try (Kata kata = Kata.fromConfiguration(files.file());
        Sandbox sandbox = kata.sandbox().start()) {
      Path state = kata.directories().state().resolve(sandbox.id());
      Seen seen =
          new Seen(
              RealProcess.argumentsOfQemuIn(state),
              RealProcess.socketsIn(state),
              sandbox.isTrusted(),
              log.toString(StandardCharsets.UTF_8)
                  .lines()
                  .filter(line -> line.contains("WARN") && line.contains("monitor"))
                  .toList());
      if (seen.sockets().contains("extra-monitor.sock")) {
        assertThat(Files.getPosixFilePermissions(state.resolve("extra-monitor.sock")))
            .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      }
      return seen;
    } finally {
      System.setErr(before);
    }
  }

  private static void assertClosed(Seen seen) {
    assertThat(seen.arguments())
        .doesNotContain("-monitor", "-qmp-pretty", "-mon")
        .noneMatch(argument -> argument.contains("extra-monitor"))
        .filteredOn("-qmp"::equals)
        .hasSize(1);
    assertThat(seen.sockets()).contains("qmp.sock").doesNotContain("extra-monitor.sock");
    assertThat(seen.trusted()).isTrue();
  }

  @Test
  void monitorAndDebug_fromTwoFiles_openTheRealMonitor() throws IOException {
    files.main(SMALL + "extra_monitor_socket = \"qmp-pretty\"\n");
    files.dropIn("50-debug.toml", "[hypervisor.qemu]\n" + DEBUG);

    Seen seen = start();

    assertThat(seen.arguments()).containsOnlyOnce("-qmp-pretty");
    assertThat(seen.sockets()).contains("extra-monitor.sock", "qmp.sock");
    assertThat(seen.trusted()).isFalse();
    assertThat(seen.warnings()).singleElement().asString().contains("untrusted");
  }

  @Test
  void monitorWithoutDebug_isIgnoredByTheRealProcess() throws IOException {
    files.main(
        SMALL + "extra_monitor_socket = \"hmp\"\n[runtime]\n" + DEBUG + "[agent.kata]\n" + DEBUG);

    Seen seen = start();

    assertClosed(seen);
    assertThat(seen.warnings()).singleElement().asString().contains("is ignored because");
  }

  @Test
  void debugAlone_isDebugWithoutMonitor() throws IOException {
    files.main(SMALL + DEBUG);

    Seen seen = start();

    assertClosed(seen);
    assertThat(seen.warnings()).isEmpty();
    assertThat(seen.arguments().get(seen.arguments().indexOf("-append") + 1))
        .contains("agent.log=debug");
  }

  @Test
  void values_areSeenByTheGuest() throws IOException {
    files.main(
        SMALL
            + """
            default_vcpus = 1.5
            kernel_params = "kata.test=from-the-file"
            cpu_features = "pmu=off"
            entropy_source = "/dev/urandom"
            reclaim_guest_freed_memory = true
            enable_mem_prealloc = true
            pcie_root_port = 2
            """);

    try (Kata kata = Kata.fromConfiguration(files.file());
        Sandbox sandbox = kata.sandbox().start()) {
      int vcpus = Math.min(2, Runtime.getRuntime().availableProcessors());
      assertThat(sandbox.exec("nproc").orThrow().stdoutText().strip()).isEqualTo("" + vcpus);
      assertThat(sandbox.exec("cat", "/proc/cmdline").orThrow().stdoutText())
          .contains("kata.test=from-the-file");
    }
  }

  @Test
  void namedKernelAndInitrd_areBooted() throws IOException, InterruptedException {
    GuestAssets guest =
        new KataGuestProvider()
            .provide(
                new GuestRequest(
                    "x86_64",
                    KataDirectories.fromEnvironment().cache(),
                    Deadline.after(Duration.ofMinutes(5))));
    files.main(
        SMALL
            + "kernel = "
            + TomlText.string(guest.kernel().toString())
            + "\ninitrd = "
            + TomlText.string(guest.initrd().orElseThrow().toString())
            + "\nkernel_params = "
            + TomlText.string(String.join(" ", guest.kernelParameters()))
            + "\n");

    Seen seen = start();

    assertThat(seen.arguments()).containsSequence("-kernel", guest.kernel().toString());
    assertClosed(seen);
  }
}
