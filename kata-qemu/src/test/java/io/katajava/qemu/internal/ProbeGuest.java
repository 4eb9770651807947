package io.katajava.qemu.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.KataDirectories;
import io.katajava.guest.GuestBuilder;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSpec;
import io.katajava.transport.UnixSocketConnection;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A guest with nothing but a shell on the agent's port, all drivers loaded, that does as told. */
final class ProbeGuest implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final OpenDirectory directory;
  private final TestStart start;
  private final QemuVm vm;
  private final UnixSocketConnection port;
  private final BufferedReader lines;

  ProbeGuest(QemuConfig config) throws IOException, InterruptedException {
    this(new OpenDirectory(), config);
  }

  ProbeGuest(OpenDirectory directory, QemuConfig config) throws IOException, InterruptedException {
    this.directory = directory;
    this.start = new TestStart(directory.path(), Duration.ofMinutes(1));
    QemuConfig probed =
        config.toBuilder()
            .addKernelParameter("rdinit=/probe")
            .addKernelParameter("panic=-1")
            .build();
    this.vm =
        (QemuVm)
            probed.toHypervisor().launch(new VmSpec(TestStart.ID, probed.sizes(), assets()), start);
    this.port = UnixSocketConnection.connect(directory.path().resolve("agent.sock"), PATIENCE);
    this.lines = new BufferedReader(new InputStreamReader(new PortStream(port), UTF_8));
  }

  private static GuestAssets assets() throws IOException, InterruptedException {
    Path script = Files.createTempFile("probe", ".sh");
    try (InputStream in = ProbeGuest.class.getResourceAsStream("/probe-init.sh")) {
      Files.write(script, Objects.requireNonNull(in).readAllBytes());
      return GuestBuilder.create()
          .module("virtio_scsi")
          .module("sd_mod")
          .module("pvpanic_mmio")
          .module("button")
          .module("evdev")
          .file("/probe", script, 0755)
          .build(KataDirectories.fromEnvironment().cache());
    } finally {
      Files.delete(script);
    }
  }

  QemuVm vm() {
    return vm;
  }

  /** A directory QEMU's user may write to. */
  Path directory() {
    return directory.path();
  }

  /** Sends a line to the shell and does not wait. */
  void tell(String command) throws IOException {
    port.write(ByteBuffer.wrap((command + "\n").getBytes(UTF_8)));
  }

  /** The next line the guest says. */
  String line() throws IOException {
    String line = lines.readLine();
    assertThat(line)
        .as("the guest is gone; its console:%n%s", vm.evidence().consoleTail())
        .isNotNull();
    return line;
  }

  /** What a command prints, on one line. */
  String ask(String command) throws IOException {
    tell("echo \"= $(" + command + ")\" | tr '\\n' ' '; echo");
    String line = line();
    // What a shell before this one left unsaid.
    while (!line.startsWith("= ")) {
      line = line();
    }
    return line.substring(2).strip();
  }

  long number(String command) throws IOException {
    return Long.parseLong(ask(command));
  }

  /** Asks until the answer fits. */
  void await(String command, Predicate<String> fits) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    String answer = ask(command);
    while (!fits.test(answer)) {
      assertThat(System.nanoTime()).as("%s still says: %s", command, answer).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
      answer = ask(command);
    }
  }

  @Override
  public void close() throws IOException {
    vm.close();
    port.close();
    assertThat(start.leftovers())
        .as("left behind")
        .allMatch(name -> name.startsWith("written-by-qemu"));
    directory.close();
  }

  /** The port as a stream. */
  private static final class PortStream extends InputStream {
    private final UnixSocketConnection port;

    PortStream(UnixSocketConnection port) {
      this.port = port;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return port.read(ByteBuffer.wrap(target, offset, length));
    }
  }
}
