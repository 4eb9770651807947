package io.katajava.bench;

import io.katajava.KataDirectories;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The other clients: their libraries are fetched when first measured, into the cache. */
final class QmpPeers {
  /** Changes with what is fetched. */
  private static final String PYTHON_LIBRARY = "qemu.qmp==0.0.6";

  private static final int MINUTES = 5;

  private final Path cache;

  QmpPeers() {
    this(KataDirectories.fromEnvironment().cache().resolve("bench-peers"));
  }

  QmpPeers(Path cache) {
    this.cache = cache;
  }

  /**
   * Python's own client of the QEMU project.
   *
   * @throws IOException if it cannot be had here; the message says why
   */
  ProcessBuilder python(Path socket) throws IOException, InterruptedException {
    Path directory = TrustedDirectory.shared("cache", cache.resolve("python"));
    Path program = copy("python/peer.py", directory);
    Path library = directory.resolve(PYTHON_LIBRARY.replace("==", "-"));
    if (!Files.isDirectory(library)) {
      Path partial = directory.resolve("partial");
      run(
          directory,
          List.of(
              "python3",
              "-m",
              "pip",
              "install",
              "--quiet",
              "--no-deps",
              "--upgrade",
              "--target",
              partial.toString(),
              PYTHON_LIBRARY));
      Files.move(partial, library);
    }
    ProcessBuilder builder = new ProcessBuilder("python3", program.toString(), socket.toString());
    builder.environment().put("PYTHONPATH", library.toString());
    return builder;
  }

  /**
   * DigitalOcean's go-qemu.
   *
   * @throws IOException if it cannot be had here; the message says why
   */
  ProcessBuilder go(Path socket) throws IOException, InterruptedException {
    Path directory = TrustedDirectory.shared("cache", cache.resolve("go"));
    for (String file : List.of("go.mod", "go.sum", "main.go")) {
      copy("go/" + file, directory);
    }
    // Go's own build cache makes this quick when nothing has changed.
    run(directory, List.of("go", "build", "-mod=readonly", "-o", "peer", "."));
    return new ProcessBuilder(directory.resolve("peer").toString(), socket.toString());
  }

  private static Path copy(String resource, Path directory) throws IOException {
    Path target = directory.resolve(resource.substring(resource.indexOf('/') + 1));
    try (InputStream in = QmpPeers.class.getResourceAsStream("peers/" + resource)) {
      if (in == null) {
        throw new IOException("no " + resource + " among the resources");
      }
      Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
    }
    return target;
  }

  private static void run(Path directory, List<String> command)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile("kata-bench-", ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      process.getOutputStream().close();
      boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
      if (!ended || process.exitValue() != 0) {
        throw new IOException(
            String.join(" ", command)
                + (ended ? " failed: " : " did not end: ")
                + Files.readString(log, StandardCharsets.UTF_8).strip());
      }
    } finally {
      process.destroyForcibly();
      Files.delete(log);
    }
  }
}
