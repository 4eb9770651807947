package io.katajava.qmp.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A QEMU process, or one of its companions, that ends with the test. */
public final class RealQemu implements AutoCloseable {
  private final Process process;
  private final Path socket;

  private RealQemu(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  /** Programs of one release of QEMU. */
  public record Release(String name, Path directory, Path system) {
    Release(String name, Path directory) {
      this(name, directory, directory.resolve("qemu-system-x86_64"));
    }

    /** Starts a machine that is stopped before its first instruction. */
    public RealQemu machine(Path socketDirectory, String machine, String... more) {
      List<String> arguments = new ArrayList<>();
      arguments.addAll(List.of("-S", "-nodefaults", "-no-user-config", "-display", "none"));
      arguments.addAll(List.of("-machine", machine + ",accel=tcg", "-m", "64"));
      Path socket = socketDirectory.resolve("qmp.sock");
      arguments.addAll(List.of("-qmp", "unix:" + socket + ",server=on,wait=off"));
      arguments.addAll(List.of(more));
      return run(system, socket, arguments);
    }

    /** Starts a program that creates the socket. */
    public RealQemu program(String program, Path socket, List<String> arguments) {
      return run(directory.resolve(program), socket, arguments);
    }

    private static RealQemu run(Path program, Path socket, List<String> arguments) {
      List<String> command = new ArrayList<>();
      command.add(program.toString());
      command.addAll(arguments);
      try {
        Path log = socket.resolveSibling(program.getFileName() + ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        return new RealQemu(builder.redirectOutput(log.toFile()).start(), socket);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** The installed release. */
  public static Release installed() {
    return new Release("installed", Path.of("/usr/bin"));
  }

  /** The release of Debian's backports, fetched when first needed; fails where it cannot be had. */
  public static Release backports() {
    try {
      Path log = Files.createTempFile("second-qemu", ".log");
      Process script =
          new ProcessBuilder("../kata-qmp/src/test/scripts/second-qemu.sh")
              .redirectError(log.toFile())
              .start();
      String directory = new String(script.getInputStream().readAllBytes(), UTF_8).strip();
      if (!script.waitFor(5, TimeUnit.MINUTES) || script.exitValue() != 0) {
        script.destroyForcibly();
        throw new AssertionError(
            "no second QEMU to test with, second-qemu.sh says: " + Files.readString(log));
      }
      Files.delete(log);
      return new Release("backports", Path.of(directory, "bin"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** All releases that are tested with. */
  public static List<Release> releases() {
    return List.of(installed(), backports());
  }

  /**
   * Those, and the machines that the property {@code kata.test.qemus} or the variable {@code
   * KATA_TEST_QEMUS} names, their paths separated by colons.
   */
  public static List<Release> machines() {
    String named =
        Optional.ofNullable(System.getProperty("kata.test.qemus"))
            .or(() -> Optional.ofNullable(System.getenv("KATA_TEST_QEMUS")))
            .orElse("");
    List<Release> all = new ArrayList<>(releases());
    for (String path : named.split(":", -1)) {
      if (!path.isBlank()) {
        Path system = Path.of(path);
        all.add(new Release(system.getFileName().toString(), system.resolveSibling("."), system));
      }
    }
    return all;
  }

  public Path socket() {
    return socket;
  }

  public Process process() {
    return process;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
