package io.katajava.base.threads;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OwnedThreadsTest {

  @Test
  void thread_thatDiesOfAnError_isToldToItsOwner() throws Exception {
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    Error error = new OutOfMemoryError("as if");
    Thread thread =
        OwnedThreads.start(
            "dies",
            () -> {
              throw error;
            },
            told::complete);
    assertThat(told.get(5, TimeUnit.SECONDS)).isSameAs(error);
    thread.join(5000);
    assertThat(thread.isAlive()).isFalse();
  }

  @Test
  void owner_whoCannotBeToldAtFirst_isToldAgain() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    CountDownLatch told = new CountDownLatch(1);
    OwnedThreads.start(
        "dies",
        () -> {
          throw new StackOverflowError("as if");
        },
        problem -> {
          if (attempts.incrementAndGet() < 4) {
            throw new OutOfMemoryError("as if");
          }
          told.countDown();
        });
    assertThat(told.await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(attempts).hasValue(4);
  }

  @Test
  void thread_thatReturns_tellsNothing() throws Exception {
    AtomicInteger told = new AtomicInteger();
    OwnedThreads.start("returns", () -> {}, problem -> told.incrementAndGet()).join(5000);
    assertThat(told).hasValue(0);
  }

  @Test
  void task_thatNoThreadTakes_runsHere() {
    AtomicInteger ran = new AtomicInteger();
    OwnedThreads.handOver(
        task -> {
          throw new OutOfMemoryError("unable to create native thread, as if");
        },
        ran::incrementAndGet);
    assertThat(ran).hasValue(1);
  }

  @Test
  void timer_whoseTaskThrows_tellsAndGoesOn() throws Exception {
    CountDownLatch told = new CountDownLatch(3);
    try (Timer timer = new Timer("test-timer", Duration.ofSeconds(1), e -> told.countDown())) {
      timer.every(
          Duration.ofMillis(1),
          () -> {
            throw new AssertionError("as if");
          });
      assertThat(told.await(5, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void timer_onceATaskHasThrown_runsTheNext() throws Exception {
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    CountDownLatch ran = new CountDownLatch(1);
    try (Timer timer = new Timer("test-timer", Duration.ofSeconds(1), told::complete)) {
      timer.after(
          Duration.ZERO,
          () -> {
            throw new NoClassDefFoundError("as if");
          });
      assertThat(told.get(5, TimeUnit.SECONDS)).isInstanceOf(NoClassDefFoundError.class);
      timer.after(Duration.ZERO, ran::countDown);
      assertThat(ran.await(5, TimeUnit.SECONDS)).isTrue();
    }
  }
}
