package io.katajava.guest;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.AgentException;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A guest in QEMU without KVM, for tests of what is inside. Its console goes to a file. */
public final class TestMachine implements AutoCloseable {
  /** Kept between runs, so that only the first one downloads a kernel. */
  public static final Path CACHE = Path.of("target", "guest-cache").toAbsolutePath();

  static final String BUSYBOX = "/usr/lib/kata/rootfs/busybox/bin/busybox";

  /** Loads every module in the listed order. */
  static final String LOAD_MODULES =
      """
      b=%s
      $b mount -t proc proc /proc
      while read -r kind first second; do
        path=${second:-$first}
        name=${path##*/}
        name=$(echo ${name%%%%.ko} | $b tr - _)
        $b grep -q "^$name " /proc/modules || $b insmod $path
      done </lib/modules/load
      """
          .formatted(BUSYBOX);

  private static final long BOOT_SECONDS = 120;

  private final Process qemu;
  private final Path console;
  private final AgentAddress address;

  private TestMachine(Process qemu, Path console, AgentAddress address) {
    this.qemu = qemu;
    this.console = console;
    this.address = address;
  }

  /** Boots our agent, reached through its serial port, with further options of QEMU. */
  static TestMachine withSerialPort(
      GuestAssets guest, Path directory, String parameters, String... devices) throws IOException {
    Path socket = directory.resolve("agent.sock");
    List<String> all = new ArrayList<>();
    all.addAll(List.of("-chardev", "socket,id=agent,server=on,wait=off,path=" + socket));
    all.addAll(List.of(devices));
    return boot(
        guest,
        directory,
        256,
        parameters,
        new AgentAddress.SerialPort(socket),
        all.toArray(String[]::new));
  }

  /** Boots a guest whose agent listens on a TCP port of its user network. */
  static TestMachine withNetwork(
      GuestAssets guest, Path directory, int mebibytes, int guestPort, String parameters)
      throws IOException {
    int port = freePort();
    return boot(
        guest,
        directory,
        mebibytes,
        parameters,
        new AgentAddress.Tcp("127.0.0.1", port),
        "-chardev",
        "null,id=agent",
        "-netdev",
        "user,id=net,hostfwd=tcp:127.0.0.1:" + port + "-:" + guestPort,
        "-device",
        "virtio-net-pci,netdev=net");
  }

  private static TestMachine boot(
      GuestAssets guest,
      Path directory,
      int mebibytes,
      String parameters,
      AgentAddress address,
      String... devices)
      throws IOException {
    Path console = directory.resolve("console");
    List<String> command = new ArrayList<>();
    command.addAll(List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config"));
    command.addAll(List.of("-display", "none", "-no-reboot"));
    command.addAll(List.of("-machine", "q35,accel=tcg", "-cpu", "max", "-m", mebibytes + ""));
    command.addAll(List.of("-device", "virtio-serial-pci"));
    command.addAll(List.of(devices));
    command.addAll(List.of("-device", "virtserialport,chardev=agent,name=" + guest.agentPort()));
    command.addAll(List.of("-device", "virtio-rng-pci"));
    command.addAll(List.of("-serial", "file:" + console));
    command.addAll(List.of("-kernel", guest.kernel().toString()));
    command.addAll(List.of("-initrd", guest.initrd().orElseThrow().toString()));
    command.addAll(
        List.of(
            "-append",
            "console=ttyS0 panic=-1 "
                + String.join(" ", guest.kernelParameters())
                + " "
                + parameters));
    Process qemu =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("qemu.log").toFile())
            .start();
    return new TestMachine(qemu, console, address);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits until the guest powers off by itself; what its console said. */
  String waitForEnd(long seconds) throws IOException, InterruptedException {
    if (!qemu.waitFor(seconds, TimeUnit.SECONDS)) {
      throw new AssertionError("the guest did not end in time; its console:\n" + console());
    }
    return console();
  }

  int exitValue() {
    return qemu.exitValue();
  }

  /**
   * Waits until the agent answers. A forwarded TCP port accepts before anybody listens in the
   * guest, and hangs up: connecting alone proves nothing.
   */
  void awaitAgent() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOOT_SECONDS);
    AgentClientOptions options =
        AgentClientOptions.builder()
            .connectTimeout(
                Duration.ofSeconds(address instanceof AgentAddress.Tcp ? 5 : BOOT_SECONDS))
            .callDeadline(Duration.ofSeconds(BOOT_SECONDS))
            .build();
    while (true) {
      try (AgentClient client = AgentClient.connect(address, options)) {
        client.check();
        return;
      } catch (AgentException e) {
        if (System.nanoTime() > deadline || !qemu.isAlive()) {
          throw new AssertionError("the agent does not answer; its console:\n" + console(), e);
        }
      }
      // There is no event to wait for: the next attempt is the question.
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  String console() throws IOException {
    return Files.exists(console)
        ? new String(Files.readAllBytes(console), StandardCharsets.ISO_8859_1)
        : "";
  }

  AgentAddress address() {
    return address;
  }

  static Path staticBusybox() throws IOException {
    return Stream.of("/bin/busybox", "/usr/bin/busybox")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IOException("This test needs busybox-static on the host"));
  }

  @Override
  public void close() {
    try {
      qemu.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
