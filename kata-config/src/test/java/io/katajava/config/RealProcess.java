package io.katajava.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What QEMU really got, from the kernel's view of its process. */
final class RealProcess {
  private RealProcess() {}

  /** The arguments of the one QEMU that has its sockets in a directory. */
  static List<String> argumentsOfQemuIn(Path directory) throws IOException {
    List<Path> processes;
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      processes = all.filter(path -> path.getFileName().toString().matches("\\d+")).toList();
    }
    for (Path process : processes) {
      List<String> arguments = arguments(process);
      if (arguments.stream()
          .anyMatch(argument -> argument.startsWith("unix:path=" + directory + "/qmp.sock"))) {
        return arguments;
      }
    }
    throw new IOException("no process has its sockets in " + directory);
  }

  private static List<String> arguments(Path process) throws IOException {
    try {
      return List.of(
          Files.readString(process.resolve("cmdline"), StandardCharsets.UTF_8).split("\0", -1));
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      // It ended between open and read.
      if (!Files.exists(process.resolve("exe"))) {
        return List.of();
      }
      throw e;
    }
  }

  /** The unix sockets on which somebody listens in a directory. */
  static List<String> socketsIn(Path directory) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/net/unix"))) {
      // Flag __SO_ACCEPTCON, 0x10000, is that of a listening socket.
      return lines
          .filter(line -> line.contains(" 00010000 ") && line.contains(directory + "/"))
          .map(line -> line.substring(line.lastIndexOf('/') + 1))
          .sorted()
          .toList();
    }
  }
}
