package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.CommandNotStartedException;
import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxState;
import io.katajava.StartPhase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One sandbox, looked at from all sides. */
class SandboxIT {
  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;

  @BeforeAll
  static void start() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).build();
    sandbox = kata.sandbox().name("box").image("busybox").start();
  }

  @AfterAll
  static void closeLeavesNothing() {
    sandbox.close();
    sandbox.close();
    assertThat(sandbox.state()).isEqualTo(SandboxState.STOPPED);
    assertThat(sandbox.onExit()).isDone();
    kata.close();
    leftovers.assertNone();
  }

  @Test
  void exec_uname_isTheGuestsKernelNotOurs() {
    String release = sandbox.exec("uname", "-r").orThrow().stdoutText().strip();

    assertThat(release).isNotEqualTo(System.getProperty("os.version"));
    assertThat(sandbox.exec("uname", "-n").stdoutText().strip()).isEqualTo("box");
  }

  @Test
  void container_hasItsOwnPidsMountsAndHostname() {
    assertThat(sandbox.exec("sh", "-c", "echo $$").orThrow().stdoutText().strip())
        .satisfies(pid -> assertThat(Integer.parseInt(pid)).isLessThan(5000));
    String mounts = sandbox.exec("cat", "/proc/self/mounts").orThrow().stdoutText();
    assertThat(mounts.lines().map(line -> line.split(" ", 3)[1]))
        .contains("/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/sys");
    assertThat(mounts).doesNotContain("/run/kata-containers ");
    String processes = sandbox.exec("ls", "/proc").orThrow().stdoutText();
    assertThat(processes.lines().filter(name -> name.matches("\\d+")).count()).isLessThan(10);
  }

  @Test
  void exec_exitCodeAndOutput_arePassedOn() {
    ExecResult result = sandbox.exec("sh", "-c", "echo out; echo err >&2; exit 3");

    assertThat(result.outcome()).isEqualTo(new ExecOutcome.Exited(3));
    assertThat(result.stdoutText()).isEqualTo("out\n");
    assertThat(result.stderrText()).isEqualTo("err\n");
  }

  @Test
  void exec_killedBySignal_saysWhich() {
    assertThat(sandbox.exec("sh", "-c", "kill -TERM $$").outcome())
        .isEqualTo(new ExecOutcome.Signalled(15));
  }

  @Test
  void container_deviceThatIsNotItsOwn_cannotBeOpened() {
    ExecResult kernelLog =
        sandbox.exec(
            "sh", "-c", "mknod /dev/log-of-the-kernel c 1 11 && dd if=/dev/log-of-the-kernel");
    ExecResult zero = sandbox.exec("sh", "-c", "head -c 3 /dev/zero >/dev/null && echo fine");

    assertThat(kernelLog.stderrText()).contains("Operation not permitted").contains("can't open");
    assertThat(zero.stdoutText()).isEqualTo("fine\n");
  }

  @Test
  void exec_missingCommand_isItsOwnOutcome() {
    ExecOutcome outcome = sandbox.exec("no-such-command", "x").outcome();

    assertThat(outcome)
        .isInstanceOfSatisfying(
            ExecOutcome.NotStarted.class,
            notStarted -> {
              assertThat(notStarted.kind()).isEqualTo(ExecOutcome.NotStarted.Kind.NOT_FOUND);
              assertThat(notStarted.errno()).isEqualTo("ENOENT");
              assertThat(notStarted.message()).contains("no-such-command");
            });
    assertThat(outcome.exitCode()).isEqualTo(127);
  }

  @Test
  void exec_notExecutable_isItsOwnOutcome() {
    ExecOutcome outcome = sandbox.exec("/etc/passwd").outcome();

    assertThat(outcome)
        .isInstanceOfSatisfying(
            ExecOutcome.NotStarted.class,
            notStarted ->
                assertThat(notStarted.kind())
                    .isEqualTo(ExecOutcome.NotStarted.Kind.NOT_EXECUTABLE));
  }

  @Test
  void exec_settings_reachTheCommand() {
    ExecResult result =
        sandbox.exec(
            exec ->
                exec.command("sh", "-c", "pwd; id -u; id -g; echo $GREETING")
                    .workdir("/tmp")
                    .user("1000:1001")
                    .env("GREETING", "hello you"));

    assertThat(result.orThrow().stdoutText()).isEqualTo("/tmp\n1000\n1001\nhello you\n");
  }

  @Test
  void exec_unknownUser_isNotStarted() {
    assertThat(sandbox.exec(exec -> exec.command("true").user("nobodyknows")).outcome())
        .isInstanceOf(ExecOutcome.NotStarted.class);
  }

  @Test
  void exec_stdin_isFedAndEnded() {
    ExecResult result = sandbox.exec(exec -> exec.command("wc", "-c").stdin("0123456789"));

    assertThat(result.orThrow().stdoutText().strip()).isEqualTo("10");
  }

  @Test
  void exec_noStdin_isAnEmptyInput() {
    assertThat(sandbox.exec("cat").orThrow().stdout()).isEmpty();
  }

  @Test
  void exec_timeout_killsAndSaysSo() {
    ExecResult result =
        sandbox.exec(
            exec ->
                exec.command("sh", "-c", "echo begun; sleep 60").timeout(Duration.ofMillis(500)));

    assertThat(result.outcome()).isEqualTo(new ExecOutcome.TimedOut(Duration.ofMillis(500)));
    assertThat(result.stdoutText()).isEqualTo("begun\n");
    assertThat(result.duration()).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void exec_moreThanTheLimit_isKilledAndThrown() {
    assertThatThrownBy(
            () ->
                sandbox.exec(
                    exec ->
                        exec.command("cat", "/dev/zero").outputLimit(MemorySize.kibibytes(100))))
        .isInstanceOf(KataException.class)
        .extracting(e -> ((KataException) e).code())
        .isEqualTo(ErrorCode.OUTPUT_LIMIT);
  }

  @Test
  void exec_backgroundChildHoldsThePipe_delaysBriefly() {
    ExecResult result = sandbox.exec("sh", "-c", "sleep 30 & echo done");

    assertThat(result.orThrow().stdoutText()).isEqualTo("done\n");
    assertThat(result.duration()).isLessThan(Duration.ofSeconds(8));
  }

  @Test
  void execInteractive_streams_areLive() throws Exception {
    try (Execution cat = sandbox.execInteractive(exec -> exec.command("cat"))) {
      cat.stdin().write("ping\n".getBytes(StandardCharsets.UTF_8));
      byte[] answer = cat.stdout().readNBytes(5);
      cat.stdin().close();

      assertThat(new String(answer, StandardCharsets.UTF_8)).isEqualTo("ping\n");
      assertThat(cat.waitFor(Duration.ofSeconds(20))).contains(new ExecOutcome.Exited(0));
      assertThat(cat.stdout().read()).isEqualTo(-1);
    }
  }

  @Test
  void execInteractive_unreadStream_doesNotHoldUpTheOtherNorTheExit() throws Exception {
    try (Execution noisy =
        sandbox.execInteractive(
            exec -> exec.command("sh", "-c", "head -c 400000 /dev/zero; echo said >&2; exit 7"))) {
      assertThat(noisy.stderr().readNBytes(5)).asString().isEqualTo("said\n");
      assertThat(noisy.waitFor(Duration.ofSeconds(20))).contains(new ExecOutcome.Exited(7));
      assertThat(noisy.stdout().readAllBytes()).hasSize(400000);
    }
  }

  @Test
  void execInteractive_close_killsTheCommand() {
    Execution sleep = sandbox.execInteractive(exec -> exec.command("sleep", "600"));
    sleep.close();

    assertThat(sleep.onExit()).isCompletedWithValue(new ExecOutcome.Signalled(9));
  }

  @Test
  void execInteractive_tty_isATerminalWithItsSize() throws Exception {
    try (Execution shell =
        sandbox.execInteractive(exec -> exec.command("stty", "size").tty(91, 33))) {
      assertThat(shell.waitFor(Duration.ofSeconds(20))).contains(new ExecOutcome.Exited(0));
      assertThat(new String(shell.stdout().readAllBytes(), StandardCharsets.UTF_8).strip())
          .isEqualTo("33 91");
    }
  }

  @Test
  void execAsync_several_runAtOnce() {
    long begin = System.nanoTime();
    var all =
        List.of("1", "2", "3", "4").stream()
            .map(n -> sandbox.execAsync(ExecSpec.command("sh", "-c", "sleep 2; echo " + n).build()))
            .toList();

    assertThat(all.stream().map(result -> result.join().stdoutText().strip()))
        .containsExactly("1", "2", "3", "4");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
  }

  @Test
  void container_ownCommand_isPid1AndEnds() throws Exception {
    try (Container own =
        sandbox.container("own").command("sh", "-c", "echo pid $$; read line; exit 5").start()) {
      assertThat(own.mainProcess().stdout().readNBytes(6)).asString().isEqualTo("pid 1\n");
      own.mainProcess().stdin().write('\n');
      assertThat(own.mainProcess().waitFor(Duration.ofSeconds(20)))
          .contains(new ExecOutcome.Exited(5));
    }
    assertThat(sandbox.containers().stream().map(Container::name)).doesNotContain("own");
  }

  @Test
  void container_missingCommand_isNotStartedAndLeavesNoContainer() {
    assertThatThrownBy(() -> sandbox.container("bad").command("no-such-command").start())
        .isInstanceOfSatisfying(
            CommandNotStartedException.class,
            e -> assertThat(e.outcome().exitCode()).isEqualTo(127));
    try (Container again = sandbox.container("bad").start()) {
      assertThat(again.exec("true").isSuccess()).isTrue();
    }
  }

  @Test
  void container_sameName_isRefused() {
    try (Container one = sandbox.container("twin").start()) {
      assertThatThrownBy(() -> sandbox.container("twin").start())
          .isInstanceOf(KataException.class)
          .hasMessageContaining("twin");
      assertThat(one.exec("true").isSuccess()).isTrue();
    }
  }

  @Test
  void containers_doNotSeeEachOthersFilesAndProcesses() {
    try (Container one = sandbox.container("one").start();
        Container two = sandbox.container("two").start()) {
      one.exec("sh", "-c", "echo secret > /tmp/file").orThrow();

      assertThat(two.exec("cat", "/tmp/file").isSuccess()).isFalse();
      assertThat(two.exec("sh", "-c", "ls /proc | grep -c '^[0-9]*$'").stdoutText().strip())
          .satisfies(count -> assertThat(Integer.parseInt(count)).isLessThan(8));
    }
  }

  @Test
  void container_limits_hold() {
    try (Container limited =
        sandbox
            .container("limited")
            .memoryLimit(MemorySize.mebibytes(32))
            .pidsLimit(20)
            .cpus(0.5)
            .readOnlyRoot()
            .start()) {
      assertThat(limited.exec("cat", "/sys/fs/cgroup/memory.max").stdoutText().strip())
          .isEqualTo(Long.toString(32L << 20));
      assertThat(limited.exec("cat", "/sys/fs/cgroup/pids.max").stdoutText().strip())
          .isEqualTo("20");
      assertThat(limited.exec("cat", "/sys/fs/cgroup/cpu.max").stdoutText().strip())
          .isEqualTo("50000 100000");
      assertThat(limited.exec("touch", "/file").isSuccess()).isFalse();
    }
  }

  @Test
  void container_unknownImage_isRefusedWithAReason() {
    // Nobody listens at port 1.
    assertThatThrownBy(() -> sandbox.container("x").image("localhost:1/no/such:image").start())
        .isInstanceOf(KataException.class)
        .hasMessageContaining("localhost:1/no/such:image")
        .extracting(e -> ((KataException) e).code())
        .isEqualTo(ErrorCode.IMAGE_PULL_FAILED);
  }

  @Test
  void timeline_everyPhase_isThereInOrder() {
    sandbox.exec("echo", "x").orThrow();

    assertThat(sandbox.timeline().spans().stream().map(span -> span.phase()))
        .containsExactly(StartPhase.values());
    assertThat(sandbox.timeline().spans()).allMatch(span -> span.ended());
    assertThat(sandbox.timeline().toTable()).contains("first-output").contains("total");
  }

  @Test
  void describe_saysWhatWasChosenAndWhy() {
    assertThat(sandbox.describe().stream().map(choice -> choice.what()))
        .contains("accelerator", "kernel", "root filesystem of main");
    assertThat(sandbox.describe()).allMatch(choice -> !choice.why().isBlank());
    assertThat(sandbox.commandLine().get(0)).contains("qemu");
    assertThat(sandbox.isTrusted()).isTrue();
  }
}
