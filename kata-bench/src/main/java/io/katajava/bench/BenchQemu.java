package io.katajava.bench;

import io.katajava.base.files.TreeRemoval;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  BenchQemu(@Nullable Path binary, int monitors) throws IOException {
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
    boolean listening = false;
    try {
      // The last that QEMU opens.
      QmpClient.connect(socket(monitors - 1), QmpOptions.builder().awaitSocket(true).build())
          .close();
      listening = true;
    } finally {
      if (!listening) {
        close();
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
    TreeRemoval.of(directory);
  }
}
