package io.katajava.bench;

import io.katajava.Deadline;
import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.SandboxRequest;
import io.katajava.guest.GuestBuilder;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** CopyFile of 256 MiB into a machine with nothing but the agent's port. */
final class CopyBench {
  private static final long BYTES = 256L << 20;
  private static final String TARGET = "/run/kata-containers/shared/containers/bench";

  private CopyBench() {}

  static void run(int rounds, PrintWriter out) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("kata-bench-");
    Path socket = directory.resolve("agent");
    Path file = Files.createFile(directory.resolve("file"));
    Process qemu = null;
    try (java.nio.channels.FileChannel channel =
        java.nio.channels.FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
      channel.write(java.nio.ByteBuffer.allocate(1), BYTES - 1);
      qemu = start(socket, directory);
      Samples rates = new Samples();
      try (AgentClient client =
          AgentClient.connect(
              new AgentAddress.SerialPort(socket),
              AgentClientOptions.builder().name("bench").build())) {
        client.createSandbox(SandboxRequest.builder("bench").build());
        for (int i = 0; i < rounds; i++) {
          long begin = System.nanoTime();
          client.files().copy(file, TARGET, 0644);
          rates.addMillis(BYTES / ((System.nanoTime() - begin) / 1e3));
        }
      }
      out.print(Samples.header("MB/s"));
      out.print(rates.toRow("CopyFile of 256 MiB"));
      out.printf(Locale.ROOT, "%n");
      out.flush();
    } finally {
      if (qemu != null) {
        qemu.destroyForcibly().waitFor();
      }
      for (Path each : List.of(socket, file, directory.resolve("console"), directory)) {
        Files.deleteIfExists(each);
      }
    }
  }

  private static Process start(Path socket, Path directory)
      throws IOException, InterruptedException {
    GuestAssets guest =
        GuestBuilder.create()
            .build(
                io.katajava.KataDirectories.fromEnvironment().cache(),
                Deadline.after(Duration.ofMinutes(5)));
    List<String> command = new ArrayList<>();
    command.addAll(List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config"));
    command.addAll(List.of("-display", "none", "-no-reboot", "-machine", "q35"));
    command.addAll(List.of("-cpu", "max", "-m", "1024", "-device", "virtio-serial-pci"));
    command.addAll(List.of("-chardev", "socket,id=agent,server=on,wait=off,path=" + socket));
    command.addAll(List.of("-device", "virtserialport,chardev=agent,name=" + guest.agentPort()));
    command.addAll(List.of("-kernel", guest.kernel().toString()));
    command.addAll(List.of("-initrd", guest.initrd().orElseThrow().toString()));
    command.addAll(
        List.of("-append", "quiet panic=-1 " + String.join(" ", guest.kernelParameters())));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("console").toFile())
        .start();
  }
}
