package io.katajava.wait;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ContainerStatus;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Healthcheck;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.katajava.testing.FakeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Waits for containers of a fake agent. No wait is meant to take its time. */
@Timeout(120)
class WaitTest {
  private static final int PATIENCE_SECONDS = 60;
  private static final String HEADER = "  sl  local_address rem_address   st tx_queue rx_queue\n";

  @TempDir Path directory;
  private FakeAgent agent;
  private FakeMachine machine;
  private Kata kata;
  private Sandbox sandbox;
  private final BlockingQueue<FakeProcess> mains = new LinkedBlockingQueue<>();
  private final BlockingQueue<FakeProcess> probes = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws IOException {
    agent = FakeAgent.listenIn(directory);
    machine = new FakeMachine(agent);
    kata = machine.kata(directory);
    sandbox = kata.sandbox().start();
    agent.onStart(
        process -> (process.args().equals(List.of("server")) ? mains : probes).add(process));
  }

  @AfterEach
  void close() {
    kata.close();
    agent.close();
  }

  /** Starts a container on a thread of its own, as {@code start()} returns when it is ready. */
  private CompletableFuture<Container> starting(WaitStrategy strategy) {
    return CompletableFuture.supplyAsync(
        () -> sandbox.container("c").command("server").waitingFor(strategy).start());
  }

  private static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
    return Objects.requireNonNull(queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS), "nothing came");
  }

  private static ContainerNotReadyException failureOf(CompletableFuture<?> starting)
      throws Exception {
    try {
      starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ContainerNotReadyException known) {
        return known;
      }
      throw e;
    }
    throw new AssertionError("it became ready");
  }

  private static FakeProcess ending(FakeProcess process, int code) {
    return process.closeOutput().exit(code);
  }

  @Test
  void logMessage_thatComesOftenEnough_isReady() throws Exception {
    CompletableFuture<Container> starting = starting(Wait.forLogMessage("re.dy\\b", 2));
    FakeProcess process = take(mains).stdout("getting ready\n").stderr("nothing\n");
    assertThat(starting).isNotDone();
    process.stderr("ready!\n");

    try (Container container = starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      container.waitUntil(Wait.forLogLine(line -> line.text().equals("getting ready"), 1));
      assertThat(container.status().state()).isEqualTo(ContainerStatus.State.RUNNING);
    }
  }

  @Test
  void logMessage_thatIsTheLastWord_isReady() throws Exception {
    CompletableFuture<Container> starting = starting(Wait.forLogMessage("done"));
    ending(take(mains).stdout("done"), 0);

    starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS).close();
  }

  @Test
  void end_ofTheProcess_failsAtOnceWithItsOutput() throws Exception {
    for (WaitStrategy strategy :
        List.of(
            Wait.forLogMessage("ready"),
            Wait.until("rain", container -> false),
            Wait.forAny(Wait.forLogMessage("ready"), Wait.until("snow", container -> false)),
            waiting -> waiting.await(new CompletableFuture<>()))) {
      CompletableFuture<Container> starting = starting(strategy);
      ending(take(mains).stdout("some\n").stderr("cannot read /etc/server.conf"), 3);

      ContainerNotReadyException failure = failureOf(starting);
      assertThat(failure.code()).isEqualTo(ErrorCode.CONTAINER_ENDED);
      assertThat(failure.outcome()).contains(new ExecOutcome.Exited(3));
      assertThat(failure.outputTail().lines())
          .containsExactlyInAnyOrder("some", "cannot read /etc/server.conf");
      assertThat(failure)
          .hasMessageContaining("exited with 3 while waiting for " + strategy.describe())
          .hasMessageContaining("cannot read /etc/server.conf");
      assertThat(sandbox.containers()).isEmpty();
    }
  }

  /** Waits for what never comes, and tells when it has begun to. */
  private static WaitStrategy endless(CountDownLatch begun) {
    return waiting -> {
      begun.countDown();
      waiting.await(new CompletableFuture<>());
    };
  }

  @Test
  void end_ofTheMachine_failsAtOnce() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<Container> starting = starting(endless(begun));
    assertThat(begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    machine.crash();

    assertThat(failureOf(starting).code()).isEqualTo(ErrorCode.AGENT_LOST);
  }

  @Test
  void time_thatIsUp_failsWithTheLastReason() throws Exception {
    CompletableFuture<Container> starting =
        starting(
            Wait.until("the cache to be warm", container -> fail("it is cold"))
                .withTimeout(Duration.ofMillis(300)));
    take(mains).stdout("warming\n");

    ContainerNotReadyException failure = failureOf(starting);
    assertThat(failure.code()).isEqualTo(ErrorCode.TIMEOUT);
    assertThat(failure.outcome()).isEmpty();
    assertThat(failure)
        .hasMessageContaining("not ready within 300 ms, waiting for the cache to be warm")
        .hasMessageContaining("last: java.lang.IllegalStateException: it is cold")
        .hasRootCauseMessage("it is cold");
  }

  private static boolean fail(String why) {
    throw new IllegalStateException(why);
  }

  @Test
  void timeout_ofTheOuterStrategy_limitsTheInner() throws Exception {
    AtomicReference<Duration> seen = new AtomicReference<>(Duration.ZERO);
    WaitStrategy inner = waiting -> seen.set(waiting.remaining());
    starting(inner.withTimeout(Duration.ofHours(2)))
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .close();
    assertThat(seen.get()).isGreaterThan(Duration.ofHours(1));

    starting(Wait.forAll(inner.withTimeout(Duration.ofHours(2))).withTimeout(Duration.ofHours(1)))
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .close();
    assertThat(seen.get()).isLessThanOrEqualTo(Duration.ofHours(1));
    assertThatThrownBy(() -> inner.withTimeout(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void timeout_ofAPart_isNotTakenFromTheDefaultOfTheOthers() throws Exception {
    AtomicReference<Duration> seen = new AtomicReference<>(Duration.ZERO);
    WaitStrategy look = waiting -> seen.set(waiting.remaining());
    WaitStrategy brief = Wait.until("a moment", container -> true).withTimeout(Duration.ofHours(2));
    starting(Wait.forAll(brief, look)).get(PATIENCE_SECONDS, TimeUnit.SECONDS).close();
    assertThat(seen.get()).isBetween(Duration.ofSeconds(1), Wait.DEFAULT_TIMEOUT);
    starting(Wait.forAll(brief, look).withTimeout(Duration.ofHours(1)))
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .close();
    assertThat(seen.get()).isGreaterThan(Wait.DEFAULT_TIMEOUT);
    starting(Wait.forAny(look.withTimeout(Duration.ofHours(2))))
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .close();
    assertThat(seen.get()).isGreaterThan(Duration.ofHours(1));
    assertThat(look.timeout()).isEmpty();
    assertThat(look.withTimeout(Duration.ofHours(1)).timeout()).contains(Duration.ofHours(1));
  }

  @Test
  void prompt_isReady_andCountsOnce() throws Exception {
    CompletableFuture<Container> starting = starting(Wait.forLogMessage("login: ", 2));
    FakeProcess process = take(mains).stdout("login: ");
    process.stderr("other\nlogin: \n");
    try (Container container = starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      container.waitUntil(Wait.forLogLine(line -> line.text().equals("login: "), 1));
      assertThatThrownBy(
              () ->
                  container.waitUntil(
                      Wait.forLogMessage("login: ", 3).withTimeout(Duration.ofSeconds(2))))
          .isInstanceOf(ContainerNotReadyException.class)
          .hasMessageContaining("login: ");
    }
  }

  @Test
  void exit_with0_isReady_andAnyOtherFails() throws Exception {
    CompletableFuture<Container> starting = starting(Wait.forExit());
    ending(take(mains).stdout("all of it"), 0);
    try (Container job = starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      assertThat(job.log().lines().get(0).written()).isEqualTo("all of it");
    }
    starting = starting(Wait.forExit());
    ending(take(mains), 4);
    assertThat(failureOf(starting)).hasMessageContaining("exited with 4 while waiting for it to");
  }

  @Test
  void interrupt_endsTheWait_andIsKept() throws Exception {
    AtomicReference<KataException> thrown = new AtomicReference<>();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch kept = new CountDownLatch(1);
    try (Container container = sandbox.container("c").command("server").start()) {
      Thread waiting =
          new Thread(
              () -> {
                try {
                  container.waitUntil(endless(begun));
                } catch (KataException e) {
                  thrown.set(e);
                  if (Thread.currentThread().isInterrupted()) {
                    kept.countDown();
                  }
                }
              });
      waiting.start();
      assertThat(begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      waiting.interrupt();

      assertThat(kept.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(thrown.get())
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED));
  }

  @Test
  void listeningPort_isTheKernelsWord() throws Exception {
    CompletableFuture<Container> starting = starting(Wait.forListeningPort(8080, 80));
    FakeProcess main = take(mains);
    FakeProcess first = take(probes);
    assertThat(first.args().get(0)).isEqualTo("tcp-listeners");
    ending(first.stdout(HEADER + " 0: 0100007F:0050 00000000:0000 0A 0:0\n"), 0);
    FakeProcess second = take(probes);
    ending(
        second.stdout(
            " 0: 0100007F:0050 00000000:0000 0A 0:0\n"
                + HEADER
                + " 1: 0100007F:1F90 0100007F:A000 01 0:0\n"
                + " 2: zzzz 0A 0A 0A\n 0A\n 2: 0:12345 0:0 0A\n"),
        0);
    FakeProcess third = take(probes);
    String any = "00000000000000000000000000000000";
    ending(
        third.stdout(
            " 0: 0100007F:0050 00000000:0000 0A 0:0\n 0: " + any + ":1F90 " + any + ":0000 0A\n"),
        0);

    try (Container container = starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      CompletableFuture<?> again =
          CompletableFuture.runAsync(() -> container.waitUntil(Wait.forListeningPort(443)));
      ending(take(probes).stdout(" 0: 0100007F:0050 00000000:0000 0A 0:0\n"), 0);
      take(probes);
      ending(main, 1);
      ContainerNotReadyException failure = failureOf(again);
      assertThat(failure)
          .hasMessageContaining("exited with 1 while waiting for port 443 to have a listener")
          .hasMessageContaining("last: the only ports at which something listens are [80]");
    }
    assertThatThrownBy(Wait::forListeningPort).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Wait.forListeningPort(0)).hasMessageContaining("1 to 65535, got 0");
  }

  @Test
  void command_thatSucceeds_isReady() throws Exception {
    CompletableFuture<Container> starting =
        starting(
            Wait.forAll(
                Wait.forSuccessfulCommand("test -f /ready"), Wait.forSuccessfulExec("ping", "db")));
    FakeProcess main = take(mains);
    FakeProcess first = take(probes);
    assertThat(first.args()).containsExactly("/bin/sh", "-c", "test -f /ready");
    ending(first.stderr("not yet\n"), 1);
    ending(take(probes), 0);
    FakeProcess ping = take(probes);
    assertThat(ping.args()).containsExactly("ping", "db");
    ending(ping.stderr("no db"), 2);
    take(probes);
    ending(main, 0);

    assertThat(failureOf(starting))
        .hasMessageContaining("success of ping db")
        .hasMessageContaining("it exited with 2, saying: no db");
  }

  private CompletableFuture<Container> startingWith(Healthcheck check) {
    return CompletableFuture.supplyAsync(
        () ->
            sandbox
                .container("c")
                .command("server")
                .healthcheck(check)
                .waitingFor(Wait.forHealthcheck())
                .start());
  }

  @Test
  void healthcheck_thatSucceedsAtLast_isReady() throws Exception {
    CompletableFuture<Container> starting =
        startingWith(Healthcheck.command("check", "it").withRetries(1000));
    take(mains);
    FakeProcess first = take(probes);
    assertThat(first.args()).containsExactly("check", "it");
    ending(first, 1);
    ending(take(probes), 0);

    try (Container container = starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      assertThat(container.healthcheck().orElseThrow().command()).containsExactly("check", "it");
    }
  }

  @Test
  void healthcheck_thatFailsForAsLongAsDockerWouldWait_isUnhealthy() throws Exception {
    agent.onStart(
        process -> {
          if (process.args().equals(List.of("server"))) {
            process.stdout("starting\n");
          } else {
            ending(process.stderr("no answer"), 1);
          }
        });

    ContainerNotReadyException failure =
        failureOf(
            startingWith(
                Healthcheck.shell("check")
                    .withInterval(Duration.ofMillis(50))
                    .withStartPeriod(Duration.ofMillis(100))
                    .withRetries(2)));
    assertThat(failure.code()).isEqualTo(ErrorCode.CONTAINER_UNHEALTHY);
    assertThat(failure.outcome()).isEmpty();
    assertThat(failure)
        .hasMessageContaining("is unhealthy: its health check has not succeeded within 200 ms")
        .hasMessageContaining("it exited with 1, saying: no answer")
        .hasMessageContaining("starting");
  }

  @Test
  void healthcheck_ofAnEndedContainer_failsAtOnceWithItsOutput() throws Exception {
    CompletableFuture<Container> starting =
        startingWith(Healthcheck.shell("check").withStartPeriod(Duration.ofHours(1)));
    FakeProcess main = take(mains).stderr("no disk");
    take(probes);
    ending(main, 4);

    ContainerNotReadyException failure = failureOf(starting);
    assertThat(failure.code()).isEqualTo(ErrorCode.CONTAINER_ENDED);
    assertThat(failure.outcome()).contains(new ExecOutcome.Exited(4));
    assertThat(failure.outputTail()).isEqualTo("no disk");
  }

  @Test
  void healthcheck_ofAContainerWithoutOne_isAnError() throws Exception {
    CompletableFuture<Container> starting = startingWith(Healthcheck.NONE);
    assertThatThrownBy(() -> starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .cause()
        .isInstanceOfSatisfying(
            KataException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContaining("it has none");
    assertThatThrownBy(() -> Healthcheck.shell("x").withRetries(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Healthcheck.shell("x").withInterval(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void any_isTheFirst_andTheOthersEnd() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    WaitStrategy slow =
        waiting -> {
          try {
            endless(begun).waitUntilReady(waiting);
          } catch (KataException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
              interrupted.countDown();
            }
            throw e;
          }
        };
    CompletableFuture<Container> starting = starting(Wait.forAny(slow, Wait.forLogMessage("up")));
    assertThat(begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    take(mains).stdout("up\n");

    starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS).close();
    assertThat(interrupted.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void any_ofWhichAllFail_failsWithTheLast() throws Exception {
    CompletableFuture<Container> starting =
        starting(
            Wait.forAny(
                Wait.until("a", c -> false).withTimeout(Duration.ofMillis(50)),
                Wait.until("b", c -> false).withTimeout(Duration.ofMillis(50))));
    take(mains);

    assertThat(failureOf(starting).code()).isEqualTo(ErrorCode.TIMEOUT);
  }

  @Test
  void ownStrategy_isAMethod() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    CompletableFuture<Container> starting =
        starting(waiting -> waiting.poll(() -> asked.incrementAndGet() == 3));
    take(mains);

    starting.get(PATIENCE_SECONDS, TimeUnit.SECONDS).close();
    assertThat(asked).hasValue(3);
  }

  @Test
  void wait_forWhatWasNotStarted_isRefused() {
    try (Container container = sandbox.container("c").command("server").create()) {
      assertThatThrownBy(() -> container.waitUntil(Wait.until("x", any -> true)))
          .isInstanceOf(IllegalStateException.class);
      container.start();
      assertThatThrownBy(() -> container.waitUntil(Wait.forLogMessage("x")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("keepLog");
      assertThatThrownBy(() -> container.waitUntil(Wait.forHttp("/")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("needs a published TCP port");
      assertThatThrownBy(() -> Wait.forHttp("health")).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
