package io.katajava.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The bare machine for a sandbox's command line, with its initrd for as long as it is open. */
final class Floor implements AutoCloseable {
  private final Path directory;
  private final Path initrd;

  Floor() throws IOException {
    directory = Files.createTempDirectory("kata-bench-");
    initrd = directory.resolve("floor.cpio");
    boolean written = false;
    try {
      FloorInitrd.write(initrd);
      written = true;
    } finally {
      if (!written) {
        close();
      }
    }
  }

  FloorMachine machine(List<String> sandboxCommand) {
    return new FloorMachine(sandboxCommand, initrd);
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(initrd);
    Files.deleteIfExists(directory);
  }
}
