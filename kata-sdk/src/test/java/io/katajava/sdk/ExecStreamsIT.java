package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Container;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What executions promise, seen from a real guest. */
class ExecStreamsIT {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;

  @BeforeAll
  static void start() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).build();
    sandbox = kata.sandbox().image("busybox").start();
  }

  @AfterAll
  static void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  private static ExecResult shell(String script) {
    return sandbox.exec("sh", "-c", script);
  }

  @Test
  void pid_isTheOneTheCommandSees() throws Exception {
    try (Execution execution =
        sandbox.execInteractive(exec -> exec.command("sh", "-c", "echo $$; read x"))) {
      String line = new String(execution.stdout().readNBytes(1), StandardCharsets.UTF_8);
      while (!line.endsWith("\n")) {
        line += (char) execution.stdout().read();
      }
      assertThat(execution.pid()).hasValue(Integer.parseInt(line.strip()));
    }
    try (Container container = sandbox.container("first").command("sleep", "600").start()) {
      assertThat(container.mainProcess().pid()).hasValue(1);
    }
  }

  @Test
  void exitCodeAbove128_isNotTakenForASignal() {
    assertThat(shell("exit 137").outcome()).isEqualTo(new ExecOutcome.Exited(137));
    assertThat(shell("kill -9 $$").outcome()).isEqualTo(new ExecOutcome.Signalled(9));
  }

  @Test
  void timeout_killsTheWholeProcessGroup() {
    ExecResult result =
        sandbox.exec(
            exec ->
                exec.command("sh", "-c", "sleep 7771 & sleep 7772 & echo on; wait")
                    .timeout(Duration.ofSeconds(2)));

    assertThat(result.outcome()).isEqualTo(new ExecOutcome.TimedOut(Duration.ofSeconds(2)));
    assertThat(result.stdoutText()).isEqualTo("on\n");
    // Killed as they are, they may still be on their way to their end.
    assertThat(
            Leftovers.within(LONG, () -> !shell("ps -o args").stdoutText().contains("sleep 777")))
        .isTrue();
  }

  /** Repeated: a write at the wrong moment once hung the guest's agent, one time in some twenty. */
  @RepeatedTest(10)
  void daemonThatNeverStopsWriting_delaysTheResultByTheGraceOnly() {
    ExecResult result =
        sandbox.exec(
            exec ->
                exec.command("sh", "-c", "echo mine; yes & exit 4")
                    .outputLimit(MemorySize.mebibytes(512)));

    assertThat(result.outcome()).isEqualTo(new ExecOutcome.Exited(4));
    assertThat(result.stdoutText()).startsWith("mine\n");
    // Its pipe broke with the last reader.
    assertThat(Leftovers.within(LONG, () -> !shell("ps -o args").stdoutText().contains("yes")))
        .isTrue();
  }

  @Test
  void lines_ofBothStreams_areToldApart() throws Exception {
    List<String> out = new CopyOnWriteArrayList<>();
    List<String> err = new CopyOnWriteArrayList<>();
    try (Execution execution =
        sandbox.execInteractive(
            exec -> exec.command("sh", "-c", "for i in 1 2 3; do echo o$i; echo e$i >&2; done"))) {
      CompletableFuture<Void> outEnd = execution.onStdoutLine(out::add);
      CompletableFuture<Void> errEnd = execution.onStderrLine(err::add);
      CompletableFuture.allOf(outEnd, errEnd).get(60, TimeUnit.SECONDS);
      assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Exited(0));
    }
    assertThat(out).containsExactly("o1", "o2", "o3");
    assertThat(err).containsExactly("e1", "e2", "e3");
  }

  @Test
  void hundredAtOnce_eachGetsItsOwnAnswer() {
    List<CompletableFuture<ExecResult>> all =
        IntStream.range(0, 100)
            .mapToObj(
                i ->
                    sandbox.execAsync(
                        ExecSpec.command("sh", "-c", "echo " + i + "; exit " + i).build()))
            .toList();

    for (int i = 0; i < all.size(); i++) {
      ExecResult result = all.get(i).join();
      assertThat(result.stdoutText()).isEqualTo(i + "\n");
      assertThat(result.outcome()).isEqualTo(new ExecOutcome.Exited(i));
    }
  }

  @Test
  void terminal_resized_tellsTheCommand() throws Exception {
    List<String> lines = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> ready = new CompletableFuture<>();
    try (Execution execution =
        sandbox.execInteractive(
            exec ->
                exec.command(
                        "sh",
                        "-c",
                        "trap 'stty size; exit 6' WINCH; echo go; while :; do read x; done")
                    .tty(80, 24))) {
      CompletableFuture<Void> end =
          execution.onStdoutLine(
              line -> {
                lines.add(line);
                ready.complete(null);
              });
      ready.get(60, TimeUnit.SECONDS);
      execution.resize(132, 50);
      // The shell runs its trap when its read comes back; between two reads it does so at once, and
      // has ended before this is written.
      try {
        execution.stdin().write('\n');
      } catch (IOException ended) {
        assertThat(ended).hasMessageContaining("has ended");
      }
      end.get(60, TimeUnit.SECONDS);
      assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Exited(6));
    }
    assertThat(lines).contains("50 132");
  }
}
