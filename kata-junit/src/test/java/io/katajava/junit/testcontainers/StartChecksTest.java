package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.KataException;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.Wait;
import io.katajava.wait.WaitStrategy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.output.OutputFrame;

/** When a start goes well, when it does not, and how long that takes. */
@Timeout(180)
class StartChecksTest {
  @TempDir Path directory;
  private FakeGuest guest;

  @BeforeEach
  void open() throws Exception {
    guest = new FakeGuest(directory);
  }

  @AfterEach
  void close() {
    assertThat(guest.kata.sandboxes()).as("sandboxes of stopped containers").isEmpty();
    guest.close();
  }

  private static ContainerNotReadyException failureOf(KataContainer container) {
    try (container) {
      container.start();
    } catch (ContainerNotReadyException e) {
      assertThat(container.isCreated()).isFalse();
      return e;
    }
    throw new AssertionError("it started");
  }

  @Test
  void container_thatEndsWithAnErrorAtOnce_failsTheStartWithItsCodeAndOutput() throws Exception {
    guest.behaviour = process -> process.stderr("no configuration").closeOutput().exit(3);
    BlockingQueue<OutputFrame> frames = new LinkedBlockingQueue<>();

    ContainerNotReadyException failure =
        failureOf(guest.container("server").withLogConsumer(frames::add));

    assertThat(failure.code()).isEqualTo(ErrorCode.CONTAINER_ENDED);
    assertThat(failure.outcome()).contains(new ExecOutcome.Exited(3));
    assertThat(failure).hasMessageContaining("exited with 3").hasMessageContaining("no config");
    assertThat(FakeGuest.take(frames).getUtf8String()).isEqualTo("no configuration");
    assertThat(FakeGuest.take(frames)).isSameAs(OutputFrame.END);
  }

  @Test
  void container_thatEndsWellAtOnce_hasStarted() {
    guest.behaviour = process -> process.stdout("done\n").closeOutput().exit(0);
    try (KataContainer job = guest.container("job")) {
      job.start();
      assertThat(job.isCreated()).isTrue();
      assertThat(job.isRunning()).isFalse();
      assertThat(job.getLogs()).isEqualTo("done\n");
    }
  }

  @Test
  void container_thatEndsBeforeItsLeastTime_failsHoweverItEnds() {
    guest.behaviour = process -> process.closeOutput().exit(0);
    assertThat(
            failureOf(guest.container("server").withMinimumRunningDuration(Duration.ofMinutes(10))))
        .hasMessageContaining("exited with 0 while waiting for it to stay up for 600000 ms");
    assertThatThrownBy(() -> guest.container("x").withMinimumRunningDuration(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);

    guest.behaviour = process -> {};
    long begin = System.nanoTime();
    try (KataContainer server =
        guest.container("server").withMinimumRunningDuration(Duration.ofSeconds(1))) {
      server.start();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(1));
    }
  }

  @Test
  void container_thatIsToExit_hasStartedWhenItHas() throws Exception {
    guest.behaviour = process -> process.stdout("migrated").closeOutput().exit(0);
    try (KataContainer job = guest.container("job").waitingFor(Wait.forExit())) {
      job.start();
      assertThat(job.getLogs()).isEqualTo("migrated");
    }
    guest.behaviour = process -> process.stdout("no table").closeOutput().exit(2);
    assertThat(failureOf(guest.container("job").waitingFor(Wait.forExit())))
        .hasMessageContaining("exited with 2 while waiting for it to exit with 0")
        .hasMessageContaining("no table");
  }

  /** Waits for what never comes. */
  private static WaitStrategy never() {
    return Wait.forLogMessage("never");
  }

  @Test
  void timeout_ofTheStrategy_counts() {
    Duration own = Duration.ofMillis(321);
    Duration startup = Duration.ofHours(1);
    for (KataContainer container :
        List.of(
            guest.container("x").waitingFor(never().withTimeout(own)),
            guest.container("x").withStartupTimeout(startup).waitingFor(never().withTimeout(own)),
            guest.container("x").waitingFor(never().withTimeout(startup)).withStartupTimeout(own),
            guest.container("x").withStartupTimeout(own).waitingFor(never()),
            guest.container("x").withStartupTimeout(own).waitingFor(Wait.forAll(never())),
            guest
                .container("x")
                .withStartupTimeout(own)
                .waitingFor(Wait.forAll(never().withTimeout(startup))),
            guest.container("x").waitingFor(Wait.forAll(never().withTimeout(own))),
            guest.container("x").withStartupTimeout(own).withExposedPorts(8080))) {
      ContainerNotReadyException failure = failureOf(container);
      assertThat(failure.code()).isEqualTo(ErrorCode.TIMEOUT);
      assertThat(failure).hasMessageMatching("(?s).*not ready within 3\\d\\d ms.*");
    }
    assertThatThrownBy(() -> guest.container("x").withStartupTimeout(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void timeout_thatIsLongerThanTheDefault_isNotShortened() {
    AtomicReference<Duration> left = new AtomicReference<>(Duration.ZERO);
    WaitStrategy look = waiting -> left.set(waiting.remaining());
    Duration own = Duration.ofHours(2);
    for (WaitStrategy strategy :
        List.of(
            look.withTimeout(own),
            Wait.forAll(look.withTimeout(own)),
            Wait.forAny(Wait.forAll(look.withTimeout(own))),
            Wait.forAll(look, look).withTimeout(own))) {
      try (KataContainer container = guest.container("x").waitingFor(strategy)) {
        container.start();
      }
      assertThat(left.get()).isGreaterThan(Duration.ofHours(1));
      left.set(Duration.ZERO);
    }
  }

  @Test
  void attempts_thatFailed_areToldOfWithTheLast() {
    guest.behaviour =
        process ->
            process.stdout("try " + guest.begun.size()).closeOutput().exit(guest.begun.size());
    KataException failure =
        failureOf(guest.container("x").withStartupAttempts(3).withExposedPorts());
    assertThat(failure).hasMessageContaining("exited with 3");
    assertThat(failure.getSuppressed()).hasSize(2);
    assertThat(failure.getSuppressed()[0])
        .asInstanceOf(InstanceOfAssertFactories.THROWABLE)
        .hasMessageContaining("exited with 1")
        .hasMessageContaining("try 1");
  }

  @Test
  void hooks_areCalledInTheOrderOfAStart() {
    StringBuilder order = new StringBuilder();
    guest.behaviour = process -> order.append(" begins ").append(process.args());
    KataContainer container =
        new KataContainer() {
          @Override
          protected void configure() {
            order.append("configure");
            setCommand("from", "configure");
          }

          @Override
          protected void containerIsCreated(String containerId) {
            order.append(" created");
          }
        };
    try (container) {
      container
          .withKata(guest.kata)
          .withSandbox(sandbox -> sandbox.network(io.katajava.Network.none()))
          .start();
    }
    assertThat(order).hasToString("configure created begins [from, configure]");
  }
}
