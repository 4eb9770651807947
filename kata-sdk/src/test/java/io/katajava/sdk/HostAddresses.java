package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Interfaces of the host that a test makes. Closing removes them, last first. */
final class HostAddresses implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;
  private static final Path DEFAULTS = Path.of("/proc/sys/net/ipv6/conf/default/disable_ipv6");

  private final Deque<List<String>> undo = new ArrayDeque<>();

  HostAddresses() {
    assumeTrue("root".equals(System.getProperty("user.name")), "interfaces of the host need root");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "this kernel has no /dev/net/tun");
  }

  /** As a kernel may be told not to. */
  static void assumeIpv6() throws IOException {
    assumeTrue(
        Files.exists(DEFAULTS) && Files.readString(DEFAULTS).strip().equals("0"),
        "new interfaces of this host have no IPv6");
  }

  void ip(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    run(command);
  }

  /** Gives the loopback an address, and waits until programs can have it. */
  void addToLoopback(String address) throws IOException, InterruptedException {
    ip("addr", "add", address, "dev", "lo");
    undo("ip", "addr", "del", address, "dev", "lo");
    // The kernel makes an address ready later, and tells nobody who does not listen for it.
    while (!run(List.of("ip", "-6", "addr", "show", "dev", "lo", "tentative")).isBlank()) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /** What closing does. */
  void undo(String... command) {
    undo.push(List.of(command));
  }

  static String run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while running " + command, e);
    }
    assertThat(process.exitValue()).as("%s: %s", command, output).isZero();
    return output;
  }

  @Override
  public void close() throws IOException {
    while (!undo.isEmpty()) {
      run(undo.pop());
    }
  }
}
