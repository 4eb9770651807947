package io.katajava.bench;

import io.katajava.base.files.TreeRemoval;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Unary round trips per second over a unix socket: our client and containerd's Go client in turns,
 * each in a process of its own, against one and the same server, which is our agent.
 */
final class RpcBench {
  private static final double WARM_UP_SECONDS = 4;
  private static final int CONNECTIONS = 100;

  private final int rounds;
  private final double seconds;
  private final PrintWriter out;
  private final Path directory;

  RpcBench(int rounds, double seconds, PrintWriter out) throws IOException {
    this.rounds = rounds;
    this.seconds = seconds;
    this.out = out;
    this.directory = Files.createTempDirectory("kata-bench-");
  }

  void run() throws IOException, InterruptedException {
    Path socket = directory.resolve("agent.sock");
    Process server = null;
    try {
      Optional<Path> go = buildGoClient();
      server = startServer(socket);
      out.printf(
          Locale.ROOT,
          "unary round trips (Health/Check) over a unix socket to one agent, %d rounds of %.0f"
              + " s%n%n",
          rounds,
          seconds);
      out.print(header());
      compare("1 in flight", "blocking", 1, socket, go);
      compare("64 in flight, futures", "futures", 64, socket, go);
      compare("64 in flight, threads", "blocking", 64, socket, go);
      String threads = java("threads", socket.toString(), CONNECTIONS + "");
      out.printf(Locale.ROOT, "%nthreads for %d connections: %s%n", CONNECTIONS, threads);
      out.flush();
    } finally {
      if (server != null) {
        server.destroyForcibly().waitFor();
      }
      TreeRemoval.of(directory);
    }
  }

  private static String header() {
    return String.format(
        Locale.ROOT,
        "%-24s %12s %12s %8s %12s%n",
        "calls per second, median",
        "Java",
        "Go",
        "ratio",
        "bytes/call");
  }

  private void compare(String name, String mode, int inFlight, Path socket, Optional<Path> go)
      throws IOException, InterruptedException {
    Samples ours = new Samples();
    Samples theirs = new Samples();
    Samples bytes = new Samples();
    for (int i = 0; i < rounds; i++) {
      String[] result =
          java(mode, socket.toString(), inFlight + "", WARM_UP_SECONDS + "", seconds + "")
              .split(" ", -1);
      ours.addMillis(Double.parseDouble(result[0]));
      bytes.addMillis(Double.parseDouble(result[1]));
      if (go.isPresent()) {
        theirs.addMillis(
            Double.parseDouble(
                output(
                    List.of(
                        go.get().toString(),
                        socket.toString(),
                        inFlight + "",
                        WARM_UP_SECONDS + "",
                        seconds + ""))));
      }
    }
    out.printf(
        Locale.ROOT,
        "%-24s %12.0f %12.0f %8.2f %12.0f%n",
        name,
        ours.median(),
        theirs.median(),
        ours.median() / theirs.median(),
        bytes.median());
    out.flush();
  }

  private String java(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(RpcClient.class.getName());
    command.addAll(List.of(arguments));
    return output(command);
  }

  private String output(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String text =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0 || text.isEmpty()) {
      throw new IOException("the benchmark's client failed: " + String.join(" ", command));
    }
    return text;
  }

  private Process startServer(Path socket) throws IOException, InterruptedException {
    String architecture = System.getProperty("os.arch").equals("amd64") ? "x86_64" : "aarch64";
    Path binary = directory.resolve("kata-agent");
    copy("/io/katajava/guest/agent/" + architecture + "/kata-agent", binary);
    Files.setPosixFilePermissions(binary, PosixFilePermissions.fromString("rwx------"));
    Process server =
        new ProcessBuilder(binary.toString(), "--listen", "unix://" + socket, "agent.log=error")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("agent.log").toFile())
            .start();
    for (int i = 0; i < 100 && !Files.exists(socket); i++) {
      if (server.waitFor(50, TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "the agent ended: " + Files.readString(directory.resolve("agent.log")));
      }
    }
    return server;
  }

  /** Empty, and said so, where Go is not installed. */
  private Optional<Path> buildGoClient() throws IOException, InterruptedException {
    Path source = Files.createDirectory(directory.resolve("go"));
    copy("rpc/main.go", source.resolve("main.go"));
    copy("rpc/go.mod.txt", source.resolve("go.mod"));
    copy("rpc/go.sum", source.resolve("go.sum"));
    Path binary = directory.resolve("rpcbench");
    Path log = directory.resolve("go.log");
    try {
      Process build =
          new ProcessBuilder("go", "build", "-o", binary.toString(), ".")
              .directory(source.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (build.waitFor() == 0) {
        return Optional.of(binary);
      }
      out.printf(
          Locale.ROOT, "the Go client could not be built: %s%n", Files.readString(log).strip());
    } catch (IOException e) {
      out.printf(
          Locale.ROOT,
          "no comparison with the Go client: Go is not installed (%s)%n",
          e.getMessage());
    }
    return Optional.empty();
  }

  private static void copy(String resource, Path target) throws IOException {
    try (InputStream in = RpcBench.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("the class path has no " + resource);
      }
      Files.copy(in, target);
    }
  }
}
