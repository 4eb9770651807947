package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Choice;
import io.katajava.Kata;
import io.katajava.Network;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.katajava.testing.FakeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Containers without a machine: first processes do what a test says. */
final class FakeGuest implements AutoCloseable {
  private static final String HEADER = "  sl  local_address rem_address   st tx_queue rx_queue\n";
  private static final int PATIENCE_SECONDS = 60;

  private final FakeAgent agent;
  final Kata kata;

  /** First processes, as they begin. */
  final BlockingQueue<FakeProcess> begun = new LinkedBlockingQueue<>();

  /** What a first process does; its arguments tell which it is. */
  volatile Consumer<FakeProcess> behaviour = process -> {};

  /** The table of listening sockets. */
  volatile String listening = "";

  FakeGuest(Path directory) throws IOException {
    agent = FakeAgent.listenIn(directory);
    kata = new FakeMachine(agent).builder(directory).hypervisor(new Machines()).build();
    agent.onStart(
        process -> {
          if (process.args().contains("tcp-listeners")) {
            process.stdout(HEADER + listening).closeOutput().exit(0);
          } else {
            begun.add(process);
            behaviour.accept(process);
          }
        });
  }

  /** A machine for each sandbox, all with the same agent. */
  private final class Machines implements Hypervisor {
    private final FakeMachine any = new FakeMachine(agent);

    @Override
    public String name() {
      return any.name();
    }

    @Override
    public VmSizes defaultSizes() {
      return any.defaultSizes();
    }

    @Override
    public VirtualMachine launch(VmSpec spec, StartContext context) {
      return new FakeMachine(agent).launch(spec, context);
    }

    @Override
    public List<Choice> describe(VmSpec spec) {
      return any.describe(spec);
    }

    @Override
    public List<String> commandLine(VmSpec spec, Path stateDirectory) {
      return any.commandLine(spec, stateDirectory);
    }
  }

  KataContainer container(String... command) {
    return new KataContainer()
        .withKata(kata)
        .withSandbox(sandbox -> sandbox.network(Network.none()))
        .withCommand(command);
  }

  static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
    T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(next).as("what was waited for").isNotNull();
    return next;
  }

  @Override
  public void close() {
    kata.close();
    agent.close();
  }
}
