package io.katajava.bench;

import io.katajava.Deadline;
import io.katajava.KataDirectories;
import io.katajava.agent.AgentAddress;
import io.katajava.guest.GuestBuilder;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A machine with the agent's port and, beside it, a bare one that nobody serves. */
final class IoMachine implements AutoCloseable {
  static final String BARE_PORT = "io.katajava.bench.bare";

  private final Path directory;
  private final Process qemu;
  private final String rootfs;

  private IoMachine(Path directory, Process qemu, String rootfs) {
    this.directory = directory;
    this.qemu = qemu;
    this.rootfs = rootfs;
  }

  static IoMachine start() throws IOException, InterruptedException {
    GuestAssets guest =
        GuestBuilder.create()
            .build(
                KataDirectories.fromEnvironment().cache(), Deadline.after(Duration.ofMinutes(5)));
    Path directory = Files.createTempDirectory("kata-bench-");
    // The main thread starts it, which lives as long as the command: QEMU never outlives the two.
    List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    command.addAll(List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config"));
    command.addAll(List.of("-display", "none", "-no-reboot", "-machine", "q35"));
    // The CPU of sandboxes without KVM: with another one the floor is another by a factor of two.
    command.addAll(
        List.of("-cpu", "max,-erms,-fsrm", "-m", "1536", "-device", "virtio-serial-pci"));
    port(command, directory, "agent", guest.agentPort());
    port(command, directory, "bare", BARE_PORT);
    command.addAll(List.of("-kernel", guest.kernel().toString()));
    command.addAll(List.of("-initrd", guest.initrd().orElseThrow().toString()));
    command.addAll(
        List.of("-append", "quiet panic=-1 " + String.join(" ", guest.kernelParameters())));
    Process qemu =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("qemu.log").toFile())
            .start();
    String rootfs = guest.rootfs().get("busybox");
    if (rootfs == null) {
      throw new IOException("the guest has no busybox root filesystem");
    }
    return new IoMachine(directory, qemu, rootfs);
  }

  private static void port(List<String> command, Path directory, String id, String name) {
    command.add("-chardev");
    command.add("socket,id=" + id + ",server=on,wait=off,path=" + directory.resolve(id));
    command.add("-device");
    command.add("virtserialport,chardev=" + id + ",name=" + name);
  }

  AgentAddress agent() {
    return new AgentAddress.SerialPort(directory.resolve("agent"));
  }

  Path barePort() {
    return directory.resolve("bare");
  }

  String rootfs() {
    return rootfs;
  }

  Path directory() {
    return directory;
  }

  @Override
  public void close() {
    try {
      qemu.destroyForcibly().waitFor();
      for (String name : List.of("agent", "bare", "qemu.log", "file")) {
        Files.deleteIfExists(directory.resolve(name));
      }
      Files.deleteIfExists(directory);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
