package io.katajava.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command as users run it: a process of its own, with real pipes. */
class RunCommandIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private record Finished(int code, String out, String err) {}

  private static Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path")));
    command.add(KataCommand.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).start();
  }

  private static CompletableFuture<String> text(InputStream stream) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
  }

  private static Finished run(String... arguments) throws Exception {
    Process process = start(arguments);
    try {
      process.getOutputStream().close();
      CompletableFuture<String> out = text(process.getInputStream());
      CompletableFuture<String> err = text(process.getErrorStream());
      assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      return new Finished(process.exitValue(), out.get(), err.get());
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void command_outputErrorAndTimeline_goWhereTheyBelong() throws Exception {
    Finished finished =
        run(
            "run",
            "--timeline",
            "-e",
            "WHO=world",
            "-w",
            "/tmp",
            "--",
            "sh",
            "-c",
            "echo hello $WHO from $PWD; echo oops >&2; exit 3");

    assertThat(finished.code()).isEqualTo(3);
    assertThat(finished.out()).isEqualTo("hello world from /tmp\n");
    assertThat(finished.err()).contains("oops", "first-output", "boot");
  }

  @ParameterizedTest
  @CsvSource({
    // As pid 1 of its container the command is immune to its own signals, but not to the kernel's.
    "ulimit -t 1; while :; do :; done, 137",
    "sleep 100 & wait, 124",
  })
  void command_endedFromOutside_hasTheShellsCode(String script, int code) throws Exception {
    assertThat(run("run", "--timeout", "3s", "--", "sh", "-c", script).code()).isEqualTo(code);
  }

  @Test
  void command_missing_is127() throws Exception {
    Finished finished = run("run", "--", "no-such-command");

    assertThat(finished.code()).isEqualTo(127);
    assertThat(finished.err()).contains("no-such-command").doesNotContain("\tat ");
  }

  @Test
  void kata_failing_is125() throws Exception {
    Finished finished = run("run", "--memory", "16M", "--", "true");

    assertThat(finished.code()).isEqualTo(125);
    assertThat(finished.err()).startsWith("kata: ").doesNotContain("\tat ");
  }

  @Test
  void stdin_16MiB_arrivesWhole() throws Exception {
    byte[] sent = new byte[16 << 20];
    new java.util.Random(7).nextBytes(sent);
    Process process = start("run", "--", "sha256sum");
    try {
      CompletableFuture<String> out = text(process.getInputStream());
      CompletableFuture<String> err = text(process.getErrorStream());
      try (OutputStream stdin = process.getOutputStream()) {
        stdin.write(sent);
      }
      assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(err.get()).isEmpty();
      assertThat(out.get())
          .startsWith(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(sent)));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void stdout_readerGone_endsTheCommand() throws Exception {
    Process process = start("run", "--", "yes");
    try {
      process.getInputStream().readNBytes(100);
      process.getInputStream().close();
      assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(ExitCodes.BROKEN_PIPE);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void ctrlC_leavesNothingBehind() throws Exception {
    Process process = start("run", "--", "sh", "-c", "echo up; sleep 600");
    List<ProcessHandle> children;
    try {
      process.getInputStream().readNBytes(3);
      children = process.descendants().toList();
      assertThat(children).isNotEmpty();
      new ProcessBuilder("sh", "-c", "kill -INT " + process.pid()).start().waitFor();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).isEqualTo(130);
    for (ProcessHandle child : children) {
      assertThat(runs(child.pid())).isFalse();
    }
    Path state = io.katajava.KataDirectories.fromEnvironment().state();
    if (Files.isDirectory(state)) {
      try (Stream<Path> left = Files.list(state.resolve("ledger"))) {
        assertThat(left.filter(entry -> mentions(entry, "owner " + process.pid() + " ")).toList())
            .isEmpty();
      }
    }
  }

  /** By its state: a handle takes a zombie that no init collects for alive. */
  private static boolean runs(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", pid + "", "stat"), ISO_8859_1);
      return "ZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) < 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean mentions(Path entry, String owner) {
    try {
      return Files.readString(entry).contains(owner);
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void output_64MiB_isComplete() throws Exception {
    Process process = start("run", "--", "sh", "-c", "head -c 67108864 /dev/zero | tr '\\0' 'x'");
    try {
      CompletableFuture<String> err = text(process.getErrorStream());
      long count = process.getInputStream().transferTo(OutputStream.nullOutputStream());
      assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(err.get()).isEmpty();
      assertThat(process.exitValue()).isZero();
      assertThat(count).isEqualTo(64L << 20);
    } finally {
      process.destroyForcibly();
    }
  }
}
