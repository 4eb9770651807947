package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.katajava.ExecOutcome.TimedOut.Fate;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.katajava.wait.Wait;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A guest that takes every call and answers none: this machine's clock ends each of them. */
@Timeout(60)
class SilentGuestTest {
  private static final Duration LIMIT = Duration.ofSeconds(1);

  /** How much later than its limit a call may return. */
  private static final Duration MARGIN = Duration.ofMillis(2500);

  @TempDir Path directory;
  private FakeAgent agent;
  private Kata kata;
  private Sandbox sandbox;
  private Container container;
  private Path file;

  /** Something that waits for the guest. */
  private interface Call {
    void run(SilentGuestTest at) throws Exception;
  }

  @BeforeEach
  void start() throws IOException {
    agent = FakeAgent.listenIn(directory);
    kata = new FakeMachine(agent).builder(directory).callTimeout(LIMIT).build();
    sandbox = kata.sandbox().image("busybox").start();
    container = sandbox.defaultContainer();
    file = Files.writeString(directory.resolve("file"), "content");
    agent.fallSilent();
  }

  @AfterEach
  void close() {
    kata.close();
    agent.close();
  }

  private static Arguments call(String name, Call call) {
    return Arguments.of(name, call);
  }

  static Stream<Arguments> calls() {
    return Stream.of(
        call("metrics", t -> t.sandbox.guestMetrics()),
        call("sandbox statistics", t -> t.sandbox.stats()),
        call("statistics", t -> t.container.stats()),
        call("interfaces", t -> t.sandbox.interfaces()),
        call("routes", t -> t.sandbox.routes()),
        call("volume statistics", t -> t.sandbox.volumeStats("/")),
        call("ports", t -> t.container.listeningPorts()),
        call("signal", t -> t.container.signal(15)),
        call("stop", t -> t.container.stop(LIMIT)),
        call("pause", t -> t.container.pause()),
        call("update", t -> t.container.update(ContainerLimits.builder().pids(9).build())),
        call("create", t -> t.sandbox.container("other").image("busybox").create()),
        call("close a container", t -> t.container.close()),
        call("start a command", t -> t.sandbox.exec("a")),
        call("start with streams", t -> t.sandbox.execInteractive(e -> e.command("a"))),
        call(
            "start with streams and a limit",
            t -> t.sandbox.execInteractive(e -> e.command("a").timeout(LIMIT))),
        call("read", t -> t.container.files().read("/a", MemorySize.mebibytes(1))),
        call("write", t -> t.container.files().write("/a", new byte[9], 0644)),
        call("copy in", t -> t.container.files().copyIn(t.file, "/a")),
        call("copy out", t -> t.container.files().copyOut("/a", t.directory.resolve("to"))),
        call(
            "extract",
            t -> t.container.files().extract(new ByteArrayInputStream(new byte[512]), "/a")),
        call("archive", t -> t.container.files().archive("/a", OutputStream.nullOutputStream())),
        call(
            "copy out with a limit",
            t -> t.container.files().withTimeout(LIMIT).copyOut("/a", t.directory.resolve("to"))),
        call(
            "wait for a port",
            t -> t.container.waitUntil(Wait.forListeningPort(80).withTimeout(LIMIT))),
        call(
            "wait for a command",
            t -> t.container.waitUntil(Wait.forSuccessfulCommand("true").withTimeout(LIMIT))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("calls")
  void call_ofASilentGuest_failsInTime(String name, Call call) {
    long from = System.nanoTime();
    Throwable failure = catchThrowable(() -> call.run(this));
    Duration took = Duration.ofNanos(System.nanoTime() - from);

    assertThat(failure)
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TIMEOUT));
    assertThat(took).isLessThan(LIMIT.plus(MARGIN));
  }

  @Test
  void exec_withATimeout_saysThatItsStartWasNotConfirmed() throws Exception {
    long from = System.nanoTime();
    ExecSpec spec = ExecSpec.command("a").timeout(LIMIT).build();
    ExecResult result = sandbox.exec(spec);
    ExecResult later = sandbox.execAsync(spec).get(5, TimeUnit.SECONDS);

    ExecOutcome expected = new ExecOutcome.TimedOut(LIMIT, Fate.START_UNCONFIRMED);
    assertThat(result.outcome()).isEqualTo(expected);
    assertThat(later.outcome()).isEqualTo(expected);
    assertThat(result.exitCode()).isEqualTo(124);
    assertThat(Duration.ofNanos(System.nanoTime() - from))
        .isLessThan(LIMIT.multipliedBy(2).plus(MARGIN));
  }

  @Test
  void close_ofTheSandbox_doesNotWaitForTheGuest() {
    long from = System.nanoTime();
    sandbox.close();
    assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(MARGIN);
  }

  @Test
  void stop_ofTheSandbox_takesNoLongerThanItsGrace() {
    long from = System.nanoTime();
    sandbox.stop(LIMIT);
    assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(LIMIT.plus(MARGIN));
  }

  /** The guest falls silent while a command runs. */
  @Test
  void streams_ofACommandWhoseTimeIsOver_end() throws Exception {
    kata.close();
    agent.close();
    agent = FakeAgent.listenIn(Files.createDirectory(directory.resolve("2")));
    kata = new FakeMachine(agent).builder(directory).callTimeout(LIMIT).build();
    sandbox = kata.sandbox().image("busybox").start();
    try (Execution execution = sandbox.execInteractive(e -> e.command("a").timeout(LIMIT))) {
      agent.fallSilent();
      InputStream stdout = execution.stdout();
      assertThatThrownBy(stdout::read)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("did not confirm");
      assertThatThrownBy(() -> execution.stdin().write(new byte[9]))
          .isInstanceOf(IOException.class);
      assertThat(execution.waitFor(Duration.ZERO))
          .contains(new ExecOutcome.TimedOut(LIMIT, Fate.KILL_UNCONFIRMED));
    }
  }

  @Test
  void exec_thatMustMakeTheContainerFirst_isInTimeToo() throws Exception {
    kata.close();
    agent.close();
    agent = FakeAgent.listenIn(Files.createDirectory(directory.resolve("3")));
    kata = new FakeMachine(agent).builder(directory).callTimeout(Duration.ofSeconds(30)).build();
    sandbox = kata.sandbox().start();
    agent.fallSilent();
    long from = System.nanoTime();

    ExecResult result = sandbox.exec(e -> e.command("a").timeout(LIMIT));

    assertThat(result.outcome()).isEqualTo(new ExecOutcome.TimedOut(LIMIT, Fate.START_UNCONFIRMED));
    assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(LIMIT.plus(MARGIN));
  }
}
