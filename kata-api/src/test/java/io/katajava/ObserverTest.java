package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.spi.KataObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.MDC;

/** What observers, figures and the log's context are told of starts and executions. */
@Timeout(120)
class ObserverTest {
  private static final String KEY = "kata.sandbox";

  @TempDir Path directory;
  private FakeAgent agent;
  private FakeMachine machine;

  @BeforeEach
  void listen() throws IOException {
    agent = FakeAgent.listenIn(directory);
    machine = new FakeMachine(agent);
  }

  @AfterEach
  void close() {
    agent.close();
  }

  /** Remembers everything, each with its parent. */
  static final class Recorder implements KataObserver {
    final List<One> all = new CopyOnWriteArrayList<>();
    final BlockingQueue<One> ended = new LinkedBlockingQueue<>();

    final class One implements Observation {
      final Operation operation;
      final @Nullable One parent;
      volatile @Nullable Throwable failure;
      volatile String detail = "";
      volatile boolean done;

      One(Operation operation, @Nullable One parent) {
        this.operation = operation;
        this.parent = parent;
      }

      @Override
      public String traceparent() {
        return "trace-of-" + operation.name();
      }

      @Override
      public void detail(String key, String value) {
        detail = key + "=" + value;
      }

      @Override
      public void end(@Nullable Throwable thrown) {
        assertThat(done).isFalse();
        failure = thrown;
        done = true;
        ended.add(this);
      }
    }

    @Override
    public Observation begin(Operation operation, @Nullable Observation parent) {
      One one = new One(operation, (One) parent);
      all.add(one);
      return one;
    }

    One find(Operation.Kind kind, String name) {
      return all.stream()
          .filter(one -> one.operation.kind() == kind && one.operation.name().equals(name))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
    }

    void awaitEnd(One one) throws InterruptedException {
      while (!one.done) {
        assertThat(ended.poll(60, TimeUnit.SECONDS)).isNotNull();
      }
    }
  }

  @Test
  void start_observed_hasPhasesWithTheCallsAndCommandsInThem() {
    Recorder recorder = new Recorder();
    try (Kata kata = machine.builder(directory).observer(recorder).build();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      Recorder.One start = recorder.find(Operation.Kind.START, "start");
      assertThat(start.done).isTrue();
      assertThat(start.parent).isNull();
      assertThat(start.failure).isNull();
      assertThat(start.detail).isEqualTo("birth=cold");
      assertThat(start.operation.sandboxId()).isEqualTo(sandbox.id());
      List<Recorder.One> phases =
          recorder.all.stream().filter(o -> o.operation.kind() == Operation.Kind.PHASE).toList();
      assertThat(phases)
          .allSatisfy(phase -> assertThat(phase.parent).isSameAs(start))
          .allSatisfy(phase -> assertThat(phase.done).isTrue());
      assertThat(phases.stream().map(phase -> phase.operation.name()))
          .containsExactly(
              "host",
              "guest",
              "vm-process",
              "qmp",
              "boot",
              "agent",
              "sandbox",
              "rootfs",
              "container");
      assertThat(recorder.find(Operation.Kind.RPC, "CreateSandbox").parent)
          .isSameAs(recorder.find(Operation.Kind.PHASE, "sandbox"));
      assertThat(recorder.find(Operation.Kind.HYPERVISOR, "query-status").parent)
          .isSameAs(recorder.find(Operation.Kind.PHASE, "qmp"));
      assertThat(agent.traces).contains("CreateSandbox trace-of-CreateSandbox");
    }
  }

  @Test
  void exec_observed_hasItsOutcomeAndTheCallsItTook() throws Exception {
    Recorder recorder = new Recorder();
    try (Kata kata = machine.builder(directory).observer(recorder).build();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      agent.onStart(process -> process.stdout("hello").closeOutput().exit(3));
      assertThat(sandbox.exec("false", "--secret").exitCode()).isEqualTo(3);
      Recorder.One exec = recorder.find(Operation.Kind.EXEC, "false");
      recorder.awaitEnd(exec);
      assertThat(exec.failure).isNull();
      assertThat(exec.detail).isEqualTo("outcome=" + new ExecOutcome.Exited(3).describe());
      for (String rpc : List.of("ExecProcess", "ReadStderr", "WriteStdin")) {
        assertThat(recorder.find(Operation.Kind.RPC, rpc).parent).as(rpc).isNotNull();
      }
      assertThat(recorder.find(Operation.Kind.RPC, "ExecProcess").parent).isSameAs(exec);
      assertThat(recorder.all.stream().map(one -> one.operation.toString()))
          .noneMatch(text -> text.contains("--secret"));
    }
  }

  @Test
  void start_refusedByTheAgent_endsPhaseAndStartWithTheFailure() {
    Recorder recorder = new Recorder();
    agent.answering(
        "CreateSandbox",
        payload -> {
          throw new TtrpcException(TtrpcStatus.INTERNAL, "no");
        });
    try (Kata kata = machine.builder(directory).observer(recorder).build()) {
      assertThatThrownBy(() -> kata.sandbox().start()).isInstanceOf(KataException.class);
      Recorder.One start = recorder.find(Operation.Kind.START, "start");
      assertThat(start.done).isTrue();
      assertThat(start.failure).isInstanceOf(SandboxStartException.class);
      assertThat(recorder.find(Operation.Kind.PHASE, "sandbox").failure).isSameAs(start.failure);
      assertThat(recorder.find(Operation.Kind.RPC, "CreateSandbox").failure).isNotNull();
      assertThat(
              kata.metrics().meters().stream()
                  .filter(meter -> meter.name().equals("kata.sandbox.start.failures"))
                  .mapToLong(KataMeter::count)
                  .sum())
          .isEqualTo(1);
      assertThat(
              kata.metrics()
                  .find(
                      "kata.agent.call.failures",
                      Map.of("rpc", "CreateSandbox", "status", "INTERNAL")))
          .isPresent();
    }
  }

  @Test
  void observers_oneThatThrows_hindersNobody() {
    Recorder first = new Recorder();
    Recorder last = new Recorder();
    KataObserver broken =
        (operation, parent) -> {
          throw new IllegalStateException("broken on purpose");
        };
    KataObserver brokenLater =
        (operation, parent) ->
            failure -> {
              throw new IllegalStateException("broken at the end, on purpose");
            };
    try (Kata kata =
            machine
                .builder(directory)
                .observer(first)
                .observer(broken)
                .observer(brokenLater)
                .observer(last)
                .build();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      assertThat(sandbox.state()).isEqualTo(SandboxState.RUNNING);
      for (Recorder recorder : List.of(first, last)) {
        assertThat(recorder.find(Operation.Kind.PHASE, "boot").parent)
            .isSameAs(recorder.find(Operation.Kind.START, "start"));
      }
    }
  }

  @Test
  void observers_oneWhoseClassesAreMissing_isLeftOutAfterOneWarning() throws IOException {
    Recorder other = new Recorder();
    AtomicInteger asked = new AtomicInteger();
    KataObserver incomplete =
        (operation, parent) -> {
          asked.incrementAndGet();
          throw new NoClassDefFoundError("on/purpose/Missing");
        };
    PrintStream usual = System.err;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      startWith(machine.builder(directory).observer(incomplete));
      try (FakeAgent next = FakeAgent.listenIn(Files.createDirectory(directory.resolve("2")))) {
        startWith(
            new FakeMachine(next)
                .builder(directory.resolve("3"))
                .observer(incomplete)
                .observer(other));
      }
    } finally {
      System.setErr(usual);
    }
    assertThat(asked).hasValue(2);
    assertThat(other.find(Operation.Kind.START, "start").done).isTrue();
    assertThat(written.toString(StandardCharsets.UTF_8).lines())
        .filteredOn(line -> line.contains("is left out"))
        .hasSize(2)
        .allMatch(line -> line.contains("on/purpose/Missing"));
  }

  private static void startWith(Kata.Builder builder) {
    try (Kata kata = builder.build();
        Sandbox sandbox = kata.sandbox().image("busybox").startAsync().join()) {
      assertThat(sandbox.state()).isEqualTo(SandboxState.RUNNING);
    }
  }

  @Test
  void metrics_ofWhatWasDone_areCountedAndHandedOverOnce() {
    List<String> handedOver = new CopyOnWriteArrayList<>();
    try (Kata kata = machine.kata(directory)) {
      kata.metrics().onMeter(meter -> handedOver.add(meter.name() + meter.tags()));
      assertThat(handedOver).contains("kata.sandboxes.open{}");
      try (Sandbox sandbox = kata.sandbox().image("busybox").start()) {
        agent.onStart(process -> process.stdout("12345").stderr("678").closeOutput().exit(0));
        sandbox.exec("one");
        sandbox.exec("two");
        KataMetrics metrics = kata.metrics();
        assertThat(value(metrics, "kata.sandboxes.open", Map.of())).isEqualTo(1);
        KataMeter starts =
            metrics.find("kata.sandbox.starts", Map.of("birth", "cold")).orElseThrow();
        assertThat(starts.type()).isEqualTo(KataMeter.Type.TIMER);
        assertThat(starts.count()).isEqualTo(1);
        assertThat(starts.total()).isPositive().isEqualTo(starts.max());
        assertThat(starts.percentile(0.5)).isEqualTo(starts.max());
        assertThat(starts.countUpTo(starts.max())).isEqualTo(1);
        assertThat(starts.countUpTo(Duration.ZERO)).isZero();
        assertThat(value(metrics, "kata.execs", Map.of("outcome", "exited"))).isEqualTo(2);
        assertThat(value(metrics, "kata.exec.output.bytes", Map.of("stream", "stdout")))
            .isEqualTo(10);
        assertThat(value(metrics, "kata.exec.output.bytes", Map.of("stream", "stderr")))
            .isEqualTo(6);
        assertThat(value(metrics, "kata.agent.calls", Map.of("rpc", "ExecProcess"))).isEqualTo(2);
        assertThat(value(metrics, "kata.hypervisor.commands", Map.of("command", "query-status")))
            .isEqualTo(1);
      }
      assertThat(value(kata.metrics(), "kata.sandboxes.open", Map.of())).isZero();
      assertThat(handedOver)
          .doesNotHaveDuplicates()
          .contains("kata.sandbox.starts{birth=cold}", "kata.agent.calls{rpc=ExecProcess}");
    }
  }

  private static double value(KataMetrics metrics, String name, Map<String, String> tags) {
    return metrics.find(name, tags).orElseThrow().value();
  }

  @Test
  void logContext_ofACallback_namesTheSandboxAndThatOfTheCallerIsRestored() throws Exception {
    MDC.put(KEY, "the caller's own");
    try (Kata kata = machine.kata(directory);
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      assertThat(MDC.get(KEY)).isEqualTo("the caller's own");
      agent.onStart(process -> process.closeOutput().exit(0));
      sandbox.exec("x");
      assertThat(MDC.get(KEY)).isEqualTo("the caller's own");
      BlockingQueue<String> seen = new LinkedBlockingQueue<>();
      sandbox.onEvent(event -> seen.add(String.valueOf(MDC.get(KEY))));
      machine.crash();
      assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo(sandbox.id());
    } finally {
      MDC.remove(KEY);
    }
  }
}
