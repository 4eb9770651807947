package io.katajava.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.TemplateInfo;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command as users run it: a process of its own, with real pipes. */
class RunCommandIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @TempDir Path directory;

  private record Finished(int code, String out, String err) {}

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static Process start(String... arguments) throws IOException {
    // A build that a shell started in the background ignores SIGINT, and so would the command.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT", java()));
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

  /** A size of this class alone, whose templates are not there before a test nor after it. */
  private static final MemorySize OWN_SIZE = MemorySize.mebibytes(208);

  private static void removeOwnTemplates() {
    try (Kata kata = Kata.create()) {
      kata.templates().list().stream()
          .filter(one -> one.memory().equals(OWN_SIZE))
          .forEach(one -> kata.templates().remove(one.id()));
    }
  }

  @Test
  void birth_ofATemplate_buildsTheOneThatIsMissing_andTheNextIsItsCloneToo() throws Exception {
    Path page = directory.resolve("clone.html");
    removeOwnTemplates();
    try {
      assertThat(
              run("run", "--birth", "template", "--memory", "208M", "--", "echo", "made of it")
                  .out())
          .isEqualTo("made of it\n");
      try (Kata kata = Kata.create()) {
        assertThat(kata.templates().list())
            .extracting(TemplateInfo::memory)
            .containsOnlyOnce(OWN_SIZE);
      }
      Finished clone = run("run", "--memory", "208M", "--waterfall", page + "", "--", "echo", "x");
      assertThat(clone.code()).as(clone.err()).isZero();
    } finally {
      removeOwnTemplates();
    }
    // It makes no sandbox of its own: the template's is given a new identity.
    assertThat(Files.readString(page))
        .contains(">boot</td>", ">QMP migrate-incoming</td>", ">agent ReseedRandomDev</td>")
        .contains(">agent CreateContainer</td>")
        .doesNotContain(">agent CreateSandbox</td>", "phase failed");
  }

  @Test
  void waterfall_ofARunAndOfAFailedStart_isAPageOfWhatHappened() throws Exception {
    Path good = directory.resolve("good.html");
    Path bad = directory.resolve("bad.html");

    // A clone of a template, if one is there, would have other calls.
    assertThat(
            run("run", "--birth", "cold", "--waterfall", good.toString(), "--", "echo", "x").code())
        .isZero();
    assertThat(
            run(
                    "run",
                    "--birth",
                    "cold",
                    "--waterfall",
                    bad.toString(),
                    "--memory",
                    "16M",
                    "--",
                    "true")
                .code())
        .isEqualTo(125);

    assertThat(Files.readString(good))
        .contains(">boot</td>", ">agent CreateSandbox</td>", ">QMP qmp_capabilities</td>")
        .contains(">agent CreateContainer</td>")
        .doesNotContain("phase failed");
    assertThat(Files.readString(bad)).contains("start failed", "phase failed");
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

  @Test
  void containerOptions_reachTheContainer() throws Exception {
    Path file = directory.resolve("greeting");
    Files.writeString(file, "hello\n");
    Path profile = directory.resolve("profile.json");
    Files.writeString(
        profile,
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],"
            + "\"action\":\"SCMP_ACT_ERRNO\"}]}");
    Finished finished =
        run(
            "run",
            "--cap-drop=ALL",
            "--cap-add=CAP_CHOWN",
            "--read-only",
            "--pids-limit=17",
            "--memory-limit=48M",
            "--cpus=0.5",
            "--seccomp=" + profile,
            "--cp=" + file + ":/dev/shm/g",
            "--stats",
            "--",
            "sh",
            "-c",
            "cat /dev/shm/g; cd /sys/fs/cgroup; cat pids.max memory.max cpu.max; grep CapEff"
                + " /proc/self/status | tr -d '\\t'; touch /x 2>/dev/null || echo ro; mkdir"
                + " /dev/shm/d 2>/dev/null || echo filtered");

    assertThat(finished.out())
        .isEqualTo("hello\n17\n50331648\n50000 100000\nCapEff:0000000000000001\nro\nfiltered\n");
    assertThat(finished.err()).contains("cpu ").contains("memory peak").contains("of 48 MiB");
    assertThat(finished.code()).isZero();
  }

  @Test
  void interactiveShell_onATerminal_worksAndGivesTheTerminalBack() throws Exception {
    List<String> kata = List.of(java(), "-Xmx256m", "-cp", System.getProperty("java.class.path"));
    String shell =
        "stty rows 31 cols 97; stty -g >before; '"
            + String.join("' '", kata)
            + "' "
            + KataCommand.class.getName()
            + " run -it -- sh; echo code $?; stty -g >after";
    Process script =
        new ProcessBuilder("script", "-qec", shell, "/dev/null")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    try {
      CompletableFuture<String> out = text(script.getInputStream());
      OutputStream keys = script.getOutputStream();
      // The terminal holds what is typed before anybody reads it.
      keys.write("stty size; tty; exit 5\n".getBytes(StandardCharsets.UTF_8));
      keys.flush();
      assertThat(script.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(out.get()).contains("31 97").contains("/dev/").contains("code 5");
    } finally {
      script.descendants().forEach(ProcessHandle::destroyForcibly);
      script.destroyForcibly();
    }
    assertThat(directory.resolve("after")).hasSameTextualContentAs(directory.resolve("before"));
  }

  @Test
  void networkAndVolumes_areAsAskedFor() throws Exception {
    Path input = Files.createDirectories(directory.resolve("in"));
    Files.writeString(input.resolve("a"), "given\n");
    Path output = Files.createDirectories(directory.resolve("out"));
    Path secret = Files.writeString(directory.resolve("token"), "s3cret");
    Finished finished =
        run(
            "run",
            "-v",
            input + ":/in",
            "-v",
            output + ":/out:rw",
            "--secret",
            secret + ":/run/token",
            "--tmpfs",
            "/work:1M",
            "-p",
            "80",
            "--egress",
            "none",
            "--add-host",
            "db.test:192.0.2.9",
            "--",
            "sh",
            "-c",
            "cat /in/a; cp /in/a /out/b; wc -c < /run/token; grep db.test /etc/hosts;"
                + " nc -w 20 1.1.1.1 80 || echo refused");
    assertThat(finished.code()).as(finished.err()).isZero();
    assertThat(finished.out()).isEqualTo("given\n6\n192.0.2.9 db.test\nrefused\n");
    assertThat(finished.err()).contains("published 127.0.0.1:").doesNotContain("s3cret");
    assertThat(Files.readString(output.resolve("b"))).isEqualTo("given\n");
  }
}
