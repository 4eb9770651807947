package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is hard on an execution, several times in a row: each ends as the contract says. A build
 * does few and small rounds; {@code -Dkata.test.hard.rounds=50 -Dkata.test.hard.mebibytes=1024} is
 * the whole of it.
 */
class HardExecsIT {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int ROUNDS = Integer.getInteger("kata.test.hard.rounds", 3);
  private static final int MEBIBYTES = Integer.getInteger("kata.test.hard.mebibytes", 32);
  private static final int STDIN_BYTES = 12 << 20;

  @TempDir Path directory;
  private Leftovers leftovers;
  private Kata kata;
  private Sandbox sandbox;

  @BeforeEach
  void start() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).build();
    sandbox = kata.sandbox().image("busybox").start();
  }

  @AfterEach
  void nothingStays() {
    kata.close();
    leftovers.assertNone();
  }

  @Test
  void muchOutput_arrivesWhole() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      try (Execution execution =
          sandbox.execInteractive(
              exec ->
                  exec.command(
                      "sh",
                      "-c",
                      "dd if=/dev/zero bs=1M count="
                          + MEBIBYTES
                          + " 2>/dev/null; echo end; exit 7"))) {
        long bytes = 0;
        byte[] buffer = new byte[1 << 20];
        byte[] zeros = new byte[1 << 20];
        byte[] tail = {};
        InputStream stdout = execution.stdout();
        for (int n = stdout.read(buffer); n >= 0; n = stdout.read(buffer)) {
          int whole = (int) Math.max(0, Math.min(n, ((long) MEBIBYTES << 20) - bytes));
          assertThat(Arrays.equals(buffer, 0, whole, zeros, 0, whole)).isTrue();
          byte[] more = Arrays.copyOf(tail, tail.length + n - whole);
          System.arraycopy(buffer, whole, more, tail.length, n - whole);
          tail = more;
          bytes += n;
        }
        assertThat(bytes).isEqualTo(((long) MEBIBYTES << 20) + 4);
        assertThat(tail).asString().isEqualTo("end\n");
        assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Exited(7));
      }
    }
  }

  @Test
  void hundredAtOnce_eachGetsItsOwnAnswer() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      List<CompletableFuture<ExecResult>> all =
          IntStream.range(0, 100)
              .mapToObj(
                  i ->
                      sandbox.execAsync(
                          ExecSpec.command("sh", "-c", "echo " + i + "; exit " + i).build()))
              .toList();
      for (int i = 0; i < all.size(); i++) {
        ExecResult result = all.get(i).get(LONG.toSeconds(), TimeUnit.SECONDS);
        assertThat(result.stdoutText()).isEqualTo(i + "\n");
        assertThat(result.outcome()).isEqualTo(new ExecOutcome.Exited(i));
      }
    }
  }

  @Test
  void daemonisingChild_delaysNobody() {
    for (int round = 0; round < ROUNDS; round++) {
      // It keeps stdout and stderr open, in a session of its own, until we end it.
      ExecResult result = sandbox.exec("sh", "-c", "setsid sleep 7770 & echo started $!; exit 4");
      assertThat(result.outcome()).isEqualTo(new ExecOutcome.Exited(4));
      assertThat(result.stdoutText()).matches("started \\d+\n");
      String pid = result.stdoutText().strip().substring("started ".length());
      assertThat(sandbox.exec("cat", "/proc/" + pid + "/cmdline").stdoutText()).contains("7770");
      sandbox.exec("kill", pid).orThrow();
    }
  }

  @Test
  void endAtOnce_isSeen() {
    for (int round = 0; round < 10 * ROUNDS; round++) {
      assertThat(sandbox.exec("true").outcome()).isEqualTo(new ExecOutcome.Exited(0));
      assertThat(sandbox.exec("false").outcome()).isEqualTo(new ExecOutcome.Exited(1));
      assertThat(sandbox.exec("echo", "x").stdoutText()).isEqualTo("x\n");
    }
  }

  @Test
  void stdinLargerThanEveryBuffer_isTakenOrGivenUp() throws Exception {
    byte[] input = new byte[STDIN_BYTES];
    for (int round = 0; round < ROUNDS; round++) {
      assertThat(
              sandbox
                  .exec(
                      exec ->
                          exec.command("wc", "-c").stdin(new java.io.ByteArrayInputStream(input)))
                  .orThrow()
                  .stdoutText()
                  .strip())
          .isEqualTo(Integer.toString(STDIN_BYTES));
      // Nobody reads it: it holds up neither the end nor the result.
      assertThat(
              sandbox
                  .exec(
                      exec ->
                          exec.command("sh", "-c", "exit 5")
                              .stdin(new java.io.ByteArrayInputStream(input)))
                  .outcome())
          .isEqualTo(new ExecOutcome.Exited(5));
      try (Execution execution = sandbox.execInteractive(exec -> exec.command("sleep", "7771"))) {
        CompletableFuture<Boolean> broken =
            CompletableFuture.supplyAsync(
                () -> {
                  try (OutputStream stdin = execution.stdin()) {
                    stdin.write(input);
                    return false;
                  } catch (IOException e) {
                    return true;
                  }
                });
        execution.kill();
        assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Signalled(9));
        assertThat(broken.get(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void stoppedMachine_holdsUpNobodyForEver() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      try (Sandbox stopped = kata.sandbox().image("busybox").start()) {
        Execution before = stopped.execInteractive(exec -> exec.command("sleep", "7772"));
        signal(stopped, "STOP");
        // Its timeout passes, and nothing confirms the kill: whether it ended is unknown.
        CompletableFuture<ExecOutcome> ended = before.onExit();
        before.kill();
        assertThat(ended.get(LONG.toSeconds(), TimeUnit.SECONDS))
            .isInstanceOf(ExecOutcome.VmLost.class);
        // A machine that goes on afterwards is one that answers.
        signal(stopped, "CONT");
        assertThat(stopped.exec("echo", "back").stdoutText()).isEqualTo("back\n");
        signal(stopped, "STOP");
      }
      assertThat(leftovers.processes()).containsExactly(sandbox.hypervisorPid());
    }
  }

  private static void signal(Sandbox sandbox, String name) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + name, Long.toString(sandbox.hypervisorPid()))
            .inheritIO()
            .start();
    assertThat(kill.waitFor()).isZero();
  }
}
