package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ExecOutcome.TimedOut.Fate;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.katajava.testing.FakeProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The contract of executions, on an agent that does what the test says. */
class ExecutionTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;
  private FakeAgent agent;
  private FakeMachine machine;
  private Kata kata;
  private Sandbox sandbox;
  private final BlockingQueue<FakeProcess> started = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws IOException {
    agent = FakeAgent.listenIn(directory);
    machine = new FakeMachine(agent);
    kata = machine.kata(directory);
    sandbox = kata.sandbox().image("busybox").start();
    agent.onStart(started::add);
  }

  @AfterEach
  void close() {
    kata.close();
    agent.close();
  }

  private Execution execute(String... command) {
    return sandbox.execInteractive(exec -> exec.command(command));
  }

  private FakeProcess started() throws InterruptedException {
    FakeProcess process = started.poll(60, TimeUnit.SECONDS);
    assertThat(process).isNotNull();
    return process;
  }

  @Test
  void pid_ofAnAgentThatTells_isPassedOn() {
    try (Execution execution = execute("a")) {
      assertThat(execution.pid()).hasValue(2);
    }
  }

  @Test
  void exit_above128_isNoSignalWhenTheAgentSaysSo() throws Exception {
    try (Execution execution = execute("a")) {
      started().closeOutput().exit(137);

      assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Exited(137));
    }
  }

  @Test
  void waitFor_stillRunning_isEmptyAndLeavesItRunning() throws Exception {
    try (Execution execution = execute("a")) {
      assertThat(execution.waitFor(Duration.ofMillis(10))).isEmpty();
      started().exit(0);
      assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Exited(0));
    }
  }

  @Test
  void timeout_ofAnInteractiveExecution_killsTheGroup() throws Exception {
    Duration timeout = Duration.ofMillis(50);
    try (Execution execution =
        sandbox.execInteractive(exec -> exec.command("a").timeout(timeout))) {
      assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.TimedOut(timeout));
      assertThat(started().signals).containsExactly(-9);
    }
  }

  @Test
  void timeout_guestDoesNotConfirm_isATimeoutAllTheSame() throws Exception {
    agent.onStart(
        process -> {
          process.mortal = false;
          process.stdout("begun");
        });

    Duration timeout = Duration.ofMillis(50);
    ExecResult result = sandbox.exec(exec -> exec.command("a").timeout(timeout));

    assertThat(result.outcome())
        .isEqualTo(new ExecOutcome.TimedOut(timeout, Fate.KILL_UNCONFIRMED));
    assertThat(result.outcome().describe()).contains("did not confirm");
    assertThat(result.stdoutText()).isEqualTo("begun");
  }

  /** Often: whether the agent has answered when the interrupt comes is a race. */
  @RepeatedTest(20)
  @Timeout(60)
  void exec_interrupted_killsTheCommand() throws Exception {
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                sandbox.exec("a");
                thrown.complete(new AssertionError("it returned"));
              } catch (KataException e) {
                thrown.complete(e);
              }
            });
    caller.start();
    FakeProcess process = started();
    caller.interrupt();

    assertThat(thrown.get(60, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED));
    while (process.signals.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(process.signals).containsExactly(-9);
  }

  @Test
  void unreadStdout_holdsUpNeitherStderrNorExit() throws Exception {
    try (Execution execution = execute("a")) {
      byte[] much = new byte[3 << 20];
      FakeProcess process = started().stdout(much).stderr("said").closeOutput().exit(3);

      assertThat(execution.stderr().readAllBytes()).asString().isEqualTo("said");
      assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Exited(3));
      assertThat(process.unread(0)).as("the host's buffer is bounded").isGreaterThan(1 << 20);
      assertThat(execution.stdout().readAllBytes()).hasSize(much.length);
    }
  }

  @Test
  void stdout_machineLost_breaksOffAndIsNoEndOfFile() throws Exception {
    try (Execution execution = execute("a")) {
      started().stdout("half");
      assertThat(execution.stdout().readNBytes(4)).asString().isEqualTo("half");
      machine.crash();

      assertThatThrownBy(() -> execution.stdout().read())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("broke off");
      assertThat(execution.waitFor(LONG).orElseThrow()).isInstanceOf(ExecOutcome.VmLost.class);
    }
  }

  @Test
  void lines_acrossChunks_comeWholeAndInOrder() throws Exception {
    List<String> lines = new CopyOnWriteArrayList<>();
    try (Execution execution = execute("a")) {
      CompletableFuture<Void> ended = execution.onStdoutLine(lines::add);
      byte[] euro = "€uro\r\n".getBytes(StandardCharsets.UTF_8);
      FakeProcess process = started();
      process.stdout("one\ntw").stdout("o\n\n");
      process.stdout(java.util.Arrays.copyOf(euro, 2));
      process.stdout(java.util.Arrays.copyOfRange(euro, 2, euro.length));
      process.stdout("rest").closeOutput().exit(0);
      ended.get(60, TimeUnit.SECONDS);
    }
    assertThat(lines).containsExactly("one", "two", "", "€uro", "rest");
  }

  @Test
  void lines_consumerThrows_endsItAndHoldsUpNobody() throws Exception {
    try (Execution execution = execute("a")) {
      CompletableFuture<Void> ended =
          execution.onStdoutLine(
              line -> {
                throw new IllegalStateException("no more");
              });
      FakeProcess process = started().stdout("a\n").stdout(new byte[3 << 20]).closeOutput();
      process.exit(0);

      assertThatThrownBy(() -> ended.get(60, TimeUnit.SECONDS)).hasMessageContaining("no more");
      assertThat(execution.waitFor(LONG)).contains(new ExecOutcome.Exited(0));
    }
  }

  @Test
  void publisher_givesNoMoreThanWasAskedFor() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    try (Execution execution = execute("a")) {
      execution.stdoutPublisher().subscribe(recording(seen, subscription));
      FakeProcess process = started().stdout("x");
      subscription.get(60, TimeUnit.SECONDS).request(1);
      assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("x");
      process.stdout("y").closeOutput().exit(0);
      execution.waitFor();
      assertThat(seen).as("nothing is asked for").isEmpty();
      subscription.get().request(5);

      assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("y");
      assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("complete");
    }
  }

  @Test
  void publisher_secondSubscriber_isRefused() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    try (Execution execution = execute("a")) {
      execution.stdoutPublisher().subscribe(recording(seen, new CompletableFuture<>()));
      execution.stdoutPublisher().subscribe(recording(seen, new CompletableFuture<>()));

      assertThat(seen.poll(60, TimeUnit.SECONDS)).contains("one subscriber");
    }
  }

  private static Flow.Subscriber<ByteBuffer> recording(
      BlockingQueue<String> seen, CompletableFuture<Flow.Subscription> subscription) {
    return new Flow.Subscriber<>() {
      @Override
      public void onSubscribe(Flow.Subscription given) {
        subscription.complete(given);
      }

      @Override
      public void onNext(ByteBuffer chunk) {
        seen.add(StandardCharsets.UTF_8.decode(chunk).toString());
      }

      @Override
      public void onError(Throwable failure) {
        seen.add(String.valueOf(failure.getMessage()));
      }

      @Override
      public void onComplete() {
        seen.add("complete");
      }
    };
  }

  @Test
  void close_runningCommand_killsItsGroup() throws Exception {
    Execution execution = execute("a");
    FakeProcess process = started();
    execution.close();
    execution.close();

    assertThat(process.signals).containsExactly(-9);
    assertThat(execution.onExit()).isCompletedWithValue(new ExecOutcome.Signalled(9));
  }

  @Test
  void attachTerminal_withoutATerminal_isAnErrorOfTheCaller() {
    try (Execution execution = execute("a")) {
      assertThatThrownBy(execution::attachTerminal).isInstanceOf(IllegalStateException.class);
    }
  }
}
