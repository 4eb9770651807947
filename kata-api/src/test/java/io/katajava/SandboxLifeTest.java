package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.katajava.testing.FakeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Draining, and limits of a sandbox's life. */
class SandboxLifeTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;
  private FakeAgent agent;
  private Kata kata;
  private final BlockingQueue<FakeProcess> started = new LinkedBlockingQueue<>();
  private final BlockingQueue<SandboxEvent> events = new LinkedBlockingQueue<>();

  @BeforeEach
  void open() throws IOException {
    agent = FakeAgent.listenIn(directory);
    FakeMachine machine = new FakeMachine(agent);
    agent.answering(
        "DestroySandbox",
        payload -> {
          machine.stop(Duration.ZERO);
          return new byte[0];
        });
    kata = machine.kata(directory);
  }

  @AfterEach
  void close() {
    kata.close();
    agent.close();
  }

  private Sandbox observed(SandboxBuilder builder) {
    Sandbox sandbox = builder.start();
    sandbox.onEvent(events::add);
    return sandbox;
  }

  private SandboxEvent.LimitReached nextLimit() throws InterruptedException {
    while (true) {
      SandboxEvent event = events.poll(LONG.toSeconds(), TimeUnit.SECONDS);
      assertThat(event).as("an event in time").isNotNull();
      if (event instanceof SandboxEvent.LimitReached reached) {
        return reached;
      }
    }
  }

  @Test
  void drain_takesNothingNewAndWaitsForWhatRuns() throws Exception {
    Sandbox sandbox = observed(kata.sandbox());
    Container container = sandbox.container("c").start();
    agent.onStart(started::add);
    CompletableFuture<ExecResult> running = container.execAsync(ExecSpec.command("job").build());
    FakeProcess job = started.poll(LONG.toSeconds(), TimeUnit.SECONDS);
    CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> sandbox.drain(LONG));
    while (sandbox.state() != SandboxState.DRAINING) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(() -> container.exec("more"))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
    assertThatThrownBy(() -> sandbox.container("d").start())
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
    assertThat(drained).isNotDone();

    job.closeOutput().exit(0);
    assertThat(running.get(60, TimeUnit.SECONDS).outcome()).isEqualTo(new ExecOutcome.Exited(0));
    assertThat(drained.get(60, TimeUnit.SECONDS)).isTrue();
    assertThat(sandbox.state()).isEqualTo(SandboxState.STOPPED);
  }

  @Test
  void drain_whatDoesNotEndInTime_isEnded() throws Exception {
    Sandbox sandbox = observed(kata.sandbox());
    Container container = sandbox.container("c").start();
    Execution never = container.execInteractive(exec -> exec.command("never"));
    assertThat(sandbox.drain(Duration.ofMillis(20))).isFalse();
    assertThat(sandbox.state()).isEqualTo(SandboxState.STOPPED);
    assertThat(never.waitFor(LONG)).contains(new ExecOutcome.Signalled(9));
  }

  @Test
  void drain_ofAClosedSandbox_returnsAtOnceAndSaysHowItEnded() throws Exception {
    Sandbox drained = observed(kata.sandbox());
    assertThat(drained.drain(LONG)).isTrue();
    assertThat(drained.drain(LONG)).isTrue();

    Sandbox closed = observed(kata.sandbox());
    closed.close();
    assertThat(closed.drain(LONG)).isFalse();
  }

  @Test
  void close_containersThatRun_areKilledWithItAndNotLost() throws Exception {
    Sandbox sandbox = observed(kata.sandbox());
    Container container = sandbox.container("c").command("work").start();
    java.util.concurrent.BlockingQueue<ExecOutcome> outcomes =
        new java.util.concurrent.LinkedBlockingQueue<>();
    sandbox.onEvent(
        event -> {
          if (event instanceof SandboxEvent.ContainerExited exited) {
            outcomes.add(exited.outcome());
          }
        });
    Execution first = container.mainProcess();
    sandbox.close();

    assertThat(first.waitFor(LONG)).contains(new ExecOutcome.Signalled(9));
    assertThat(outcomes.poll(60, TimeUnit.SECONDS)).isEqualTo(new ExecOutcome.Signalled(9));
  }

  @Test
  void drain_waitsForAContainersOwnCommandToo() throws Exception {
    agent.onStart(started::add);
    Sandbox sandbox = observed(kata.sandbox());
    sandbox.container("job").command("job").start();
    FakeProcess job = started.poll(LONG.toSeconds(), TimeUnit.SECONDS);
    CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> sandbox.drain(LONG));
    while (sandbox.state() != SandboxState.DRAINING) {
      Thread.onSpinWait();
    }
    job.closeOutput().exit(0);
    assertThat(drained.get(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void stop_withoutAnyGrace_endsItAtOnce() {
    Sandbox sandbox = kata.sandbox().start();
    sandbox.stop(Duration.ZERO);
    assertThat(sandbox.state()).isEqualTo(SandboxState.STOPPED);
    assertThat(agent.calls).doesNotContain("DestroySandbox");
  }

  @Test
  void lifetimeLimit_stopsTheSandbox() throws Exception {
    Sandbox sandbox =
        observed(kata.sandbox().lifetimeLimit(Duration.ofMillis(300), LimitAction.STOP));
    assertThat(nextLimit().kind()).isEqualTo(SandboxEvent.LimitKind.LIFETIME);
    assertThat(sandbox.onExit().get(60, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void idleLimit_countsFromTheLastCommandAndTellsOnceForEachTimeOfIdleness() throws Exception {
    Duration limit = Duration.ofMillis(200);
    Sandbox sandbox = observed(kata.sandbox().idleLimit(limit, LimitAction.EVENT));
    assertThat(nextLimit())
        .satisfies(
            reached -> {
              assertThat(reached.kind()).isEqualTo(SandboxEvent.LimitKind.IDLE);
              assertThat(reached.limit()).isEqualTo(limit);
              assertThat(reached.action()).isEqualTo(LimitAction.EVENT);
            });
    agent.onStart(process -> process.closeOutput().exit(0));
    Container container = sandbox.container("c").start();
    container.exec("true");
    assertThat(nextLimit().kind()).isEqualTo(SandboxEvent.LimitKind.IDLE);
    assertThat(sandbox.state()).isEqualTo(SandboxState.RUNNING);
  }

  @Test
  void detached_withAHypervisorThatCannot_isRefused() {
    assertThatThrownBy(() -> kata.sandbox().detached().start())
        .isInstanceOfSatisfying(
            KataException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION));
    Sandbox sandbox = kata.sandbox().start();
    assertThatThrownBy(() -> kata.attach(sandbox.id()))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
    assertThatThrownBy(() -> kata.attach("nosuch"))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND));
  }
}
