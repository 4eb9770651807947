package io.katajava.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One QEMU without a guest, with a monitor for everyone: a monitor serves one client at a time. */
final class BenchQemu implements AutoCloseable {
  private final Path directory;
  private final Process process;

  /**
   * Starts it; its sockets are there when this returns.
   *
   * @param binary which QEMU, or null for the one on the path
   */
  BenchQemu(@Nullable Path binary, int monitors) throws IOException, InterruptedException {
    directory = Files.createTempDirectory("kata-bench-");
    List<String> command = new ArrayList<>();
    String architecture = System.getProperty("os.arch").replace("amd64", "x86_64");
    command.add(binary == null ? "qemu-system-" + architecture : binary.toString());
    command.addAll(List.of("-S", "-nodefaults", "-no-user-config", "-display", "none"));
    command.addAll(List.of("-machine", "none"));
    for (int i = 0; i < monitors; i++) {
      command.addAll(List.of("-qmp", "unix:" + socket(i) + ",server=on,wait=off"));
    }
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    while (!Files.exists(socket(monitors - 1))) {
      if (process.waitFor(5, TimeUnit.MILLISECONDS)) {
        close();
        throw new IOException(command.get(0) + " ended; its message is above");
      }
    }
  }

  Path socket(int number) {
    return directory.resolve("qmp" + number + ".sock");
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
