package io.katajava.qemu.internal;

import io.katajava.Deadline;
import io.katajava.KataDirectories;
import io.katajava.guest.KataGuestProvider;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestRequest;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Launches the installed QEMU with the real guest's kernel, and looks at its process. */
final class RealMachine {
  private RealMachine() {}

  static GuestAssets guest() throws InterruptedException {
    return new KataGuestProvider()
        .provide(
            new GuestRequest(
                "x86_64",
                KataDirectories.fromEnvironment().cache(),
                Deadline.after(Duration.ofMinutes(5))));
  }

  static QemuVm launch(QemuConfig config, TestStart start) throws InterruptedException {
    VmSizes sizes = config.sizes();
    return (QemuVm) config.toHypervisor().launch(new VmSpec(TestStart.ID, sizes, guest()), start);
  }

  /** The arguments the process really has. */
  static List<String> arguments(long pid) throws IOException {
    return List.of(
        Files.readString(Path.of("/proc", pid + "", "cmdline"), StandardCharsets.UTF_8)
            .split("\0", -1));
  }

  /** With which flags a process has a descriptor open, open(2). */
  static int openFlags(long pid, Path descriptor) throws IOException {
    for (String line :
        Files.readAllLines(Path.of("/proc/" + pid + "/fdinfo").resolve(descriptor.getFileName()))) {
      if (line.startsWith("flags:")) {
        return Integer.parseInt(line.substring("flags:".length()).strip(), 8);
      }
    }
    throw new IOException(descriptor + " has no flags");
  }

  /** The unix sockets that the process really listens on in a directory. */
  static List<String> sockets(Path directory) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/net/unix"))) {
      // Flag __SO_ACCEPTCON, 0x10000, is that of a listening socket.
      return lines
          .filter(line -> line.contains(" 00010000 ") && line.contains(directory + "/"))
          .map(line -> line.substring(line.lastIndexOf('/') + 1))
          .sorted()
          .toList();
    }
  }

  static String status(long pid, String field) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc", pid + "", "status"))) {
      return lines
          .filter(line -> line.startsWith(field + ":"))
          .map(line -> line.substring(field.length() + 1).strip())
          .findFirst()
          .orElseThrow();
    }
  }
}
