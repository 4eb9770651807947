package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a sandbox comes, whatever its steps fail with. */
class SandboxEndTest {
  @TempDir Path directory;
  private FakeAgent agent;
  private FakeMachine machine;
  private Kata kata;

  @BeforeEach
  void open() throws IOException {
    agent = FakeAgent.listenIn(directory);
    machine = new FakeMachine(agent);
    kata = machine.kata(directory);
  }

  @AfterEach
  void close() {
    kata.close();
    agent.close();
  }

  private List<String> state() throws IOException {
    try (Stream<Path> all = Files.walk(directory.resolve("s"))) {
      return all.map(path -> directory.resolve("s").relativize(path).toString())
          .filter(name -> !List.of("", "ledger", "ledger/.lock").contains(name))
          .toList();
    }
  }

  private void failBothWays() {
    machine.failures.add(new OutOfMemoryError("of the stop"));
    machine.failures.add(new NoClassDefFoundError("of the close"));
  }

  @Test
  void close_everyStepOfTheMachineFails_endsItAndTellsAll() throws IOException {
    Sandbox sandbox = kata.sandbox().start();
    failBothWays();

    assertThatThrownBy(sandbox::close)
        .isInstanceOf(KataException.class)
        .hasMessageContaining("stopping the hypervisor failed: java.lang.OutOfMemoryError")
        .hasMessageContaining("ending the hypervisor failed: java.lang.NoClassDefFoundError");

    assertThat(sandbox.state()).isEqualTo(SandboxState.STOPPED);
    assertThat(sandbox.onExit()).isDone();
    assertThat(kata.sandboxes()).isEmpty();
    assertThat(state()).isEmpty();
    sandbox.close();
  }

  @Test
  void closeOfTheRuntime_tellsWhatTheEndsOfItsSandboxesFailedWith() throws IOException {
    Sandbox sandbox = kata.sandbox().start();
    failBothWays();

    assertThatThrownBy(kata::close)
        .isInstanceOf(KataException.class)
        .hasMessageContaining("sandbox " + sandbox.id())
        .hasMessageContaining("of the stop")
        .hasMessageContaining("of the close");

    assertThat(sandbox.state()).isEqualTo(SandboxState.STOPPED);
    assertThat(state()).isEmpty();
    kata.close();
  }

  @Test
  void start_thatFailsAndWhoseUndoFails_undoesTheRestAndTellsBoth() throws IOException {
    agent.answering(
        "CreateSandbox",
        payload -> {
          throw new TtrpcException(TtrpcStatus.INTERNAL, "not today");
        });
    machine.failures.add(new OutOfMemoryError("of the undo"));

    assertThatThrownBy(() -> kata.sandbox().start())
        .isInstanceOf(SandboxStartException.class)
        .hasMessageContaining("not today")
        .satisfies(
            e ->
                assertThat(e.getSuppressed())
                    .anySatisfy(one -> assertThat(one).isInstanceOf(OutOfMemoryError.class)));

    assertThat(state()).isEmpty();
  }

  @Test
  void closeOfAContainer_agentRefusesEverything_forgetsIt() {
    Sandbox sandbox = kata.sandbox().start();
    Container container = sandbox.container("c").start();
    for (String method : List.of("SignalProcess", "RemoveContainer")) {
      agent.answering(
          method,
          payload -> {
            throw new TtrpcException(TtrpcStatus.INTERNAL, "not today");
          });
    }

    container.close();

    assertThat(container.status().state()).isEqualTo(ContainerStatus.State.CLOSED);
    assertThat(sandbox.containers()).isEmpty();
  }
}
