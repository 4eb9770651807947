package io.katajava.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.BorrowPolicy;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.SandboxState;
import io.katajava.spi.VmExit;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PoolCoreTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<Fake> made = new CopyOnWriteArrayList<>();
  private final AtomicInteger atOnce = new AtomicInteger();
  private final AtomicInteger mostAtOnce = new AtomicInteger();

  /** A sandbox without a machine. */
  private static final class Fake {
    final CompletableFuture<VmExit> exit = new CompletableFuture<>();
    final CountDownLatch closed = new CountDownLatch(1);
    volatile @Nullable Throwable failure;
    final Sandbox sandbox =
        (Sandbox)
            Proxy.newProxyInstance(
                Sandbox.class.getClassLoader(),
                new Class<?>[] {Sandbox.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "id" -> "fake";
                      case "state" -> exit.isDone() ? SandboxState.STOPPED : SandboxState.RUNNING;
                      case "onExit" -> exit.copy();
                      case "close" -> {
                        exit.complete(new VmExit(0, "closed"));
                        closed.countDown();
                        if (failure != null) {
                          throw failure;
                        }
                        yield null;
                      }
                      case "equals" -> proxy == arguments[0];
                      case "hashCode" -> System.identityHashCode(proxy);
                      default -> throw new UnsupportedOperationException(method.getName());
                    });
  }

  private Sandbox start() {
    mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
    Fake fake = new Fake();
    made.add(fake);
    atOnce.decrementAndGet();
    return fake.sandbox;
  }

  private PoolCore pool(int minimum, int maximum, BorrowPolicy policy, Duration timeout) {
    PoolCore pool =
        new PoolCore(
            new PoolSettings(
                this::start,
                minimum,
                maximum,
                2,
                Duration.ofHours(1),
                Duration.ofHours(1),
                timeout,
                policy,
                sandbox -> true,
                sandbox -> {}));
    pool.open();
    return pool;
  }

  private static ErrorCode codeOf(Throwable thrown) {
    return ((KataException) thrown).code();
  }

  @Test
  void borrowed_isNeverLentAgainAndItsPlaceIsFilled() {
    try (PoolCore pool = pool(2, 3, BorrowPolicy.WAIT, LONG)) {
      Sandbox first = pool.borrow();
      Sandbox second = pool.borrow();
      Sandbox third = pool.borrow();
      assertThat(List.of(first, second, third)).doesNotHaveDuplicates();
      first.close();
      Sandbox fourth = pool.borrow();
      assertThat(fourth).isNotIn(first, second, third);
      assertThat(mostAtOnce.get()).isLessThanOrEqualTo(2);
      assertThat(pool.statistics().borrowed()).isEqualTo(4);
      assertThat(pool.statistics().lent()).isEqualTo(3);
    }
  }

  @Test
  void empty_withFail_failsAtOnce() {
    try (PoolCore pool = pool(0, 1, BorrowPolicy.FAIL, LONG)) {
      assertThatThrownBy(pool::borrow)
          .satisfies(e -> assertThat(codeOf(e)).isEqualTo(ErrorCode.POOL_EMPTY));
      assertThat(pool.statistics().refused()).isEqualTo(1);
    }
  }

  @Test
  void empty_withCreate_startsOneUpToTheMaximum() {
    try (PoolCore pool = pool(0, 1, BorrowPolicy.CREATE, LONG)) {
      Sandbox own = pool.borrow();
      assertThatThrownBy(pool::borrow)
          .satisfies(e -> assertThat(codeOf(e)).isEqualTo(ErrorCode.POOL_EMPTY));
      own.close();
      assertThat(pool.borrow()).isNotSameAs(own);
    }
  }

  @Test
  void empty_withWait_isServedWhenOneIsGivenBackAndElseTimesOut() throws Exception {
    try (PoolCore pool = pool(1, 1, BorrowPolicy.WAIT, Duration.ofMillis(200))) {
      assertThat(pool.awaitIdle(LONG)).isTrue();
      Sandbox only = pool.borrow();
      assertThatThrownBy(pool::borrow)
          .satisfies(e -> assertThat(codeOf(e)).isEqualTo(ErrorCode.TIMEOUT));
      only.close();
      assertThat(pool.awaitIdle(LONG)).isTrue();
      assertThat(pool.borrow()).isNotSameAs(only);
    }
  }

  @Test
  void idleOneThatEnds_isReplaced() throws Exception {
    try (PoolCore pool = pool(1, 2, BorrowPolicy.WAIT, LONG)) {
      assertThat(pool.awaitIdle(LONG)).isTrue();
      Fake first = made.get(0);
      first.exit.complete(new VmExit(137, "killed"));
      assertThat(first.closed.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(pool.borrow()).isNotSameAs(first.sandbox);
      assertThat(pool.statistics().discarded()).isEqualTo(1);
    }
  }

  @Test
  void unhealthy_isReplacedAndOld_too() throws Exception {
    AtomicBoolean healthy = new AtomicBoolean(true);
    Semaphore checked = new Semaphore(0);
    try (PoolCore pool =
        new PoolCore(
            new PoolSettings(
                this::start,
                1,
                2,
                1,
                Duration.ofHours(1),
                Duration.ofMillis(20),
                LONG,
                BorrowPolicy.WAIT,
                sandbox -> {
                  checked.release();
                  return healthy.get();
                },
                sandbox -> {}))) {
      pool.open();
      assertThat(checked.tryAcquire(2, 30, TimeUnit.SECONDS)).isTrue();
      assertThat(made).hasSize(1);
      healthy.set(false);
      assertThat(made.get(0).closed.await(30, TimeUnit.SECONDS)).isTrue();
      healthy.set(true);
      assertThat(pool.borrow()).isNotSameAs(made.get(0).sandbox);
    }
  }

  @Test
  void failedStart_isTriedAgain() {
    AtomicInteger attempts = new AtomicInteger();
    try (PoolCore pool =
        new PoolCore(
            new PoolSettings(
                () -> {
                  if (attempts.incrementAndGet() == 1) {
                    throw new KataException(ErrorCode.VM_START_FAILED, "not today");
                  }
                  return start();
                },
                1,
                1,
                1,
                Duration.ofHours(1),
                Duration.ofHours(1),
                LONG,
                BorrowPolicy.WAIT,
                sandbox -> true,
                sandbox -> {}))) {
      pool.open();
      assertThat(pool.borrow()).isNotNull();
      assertThat(pool.statistics().failedStarts()).isEqualTo(1);
    }
  }

  @Test
  void close_closesTheIdleAndLeavesTheLent() {
    PoolCore pool = pool(2, 4, BorrowPolicy.WAIT, LONG);
    Sandbox lent = pool.borrow();
    assertThat(pool.awaitIdle(LONG)).isTrue();
    pool.close();
    pool.close();
    for (Fake fake : made) {
      assertThat(fake.closed.getCount()).isEqualTo(fake.sandbox == lent ? 1 : 0);
    }
    assertThatThrownBy(pool::borrow)
        .satisfies(e -> assertThat(codeOf(e)).isEqualTo(ErrorCode.CLOSED));
  }

  @Test
  void close_sandboxesThatFailToClose_areAllClosedAndTold() {
    PoolCore pool = pool(3, 3, BorrowPolicy.WAIT, LONG);
    assertThat(pool.awaitIdle(LONG)).isTrue();
    OutOfMemoryError memory = new OutOfMemoryError("of the test");
    KataException copy = new KataException(ErrorCode.COPY_FAILED, "it was not copied");
    made.get(0).failure = memory;
    made.get(1).failure = copy;

    assertThatThrownBy(pool::close)
        .isInstanceOf(KataException.class)
        .hasMessageContaining("it was not copied")
        .hasMessageContaining("OutOfMemoryError");

    assertThat(made).allMatch(fake -> fake.closed.getCount() == 0);
    pool.close();
  }

  @Test
  void startThatFailsWithAnError_givesItsPlaceBackAndIsTriedAgain() {
    AtomicBoolean failed = new AtomicBoolean();
    PoolCore pool =
        new PoolCore(
            new PoolSettings(
                () -> {
                  if (failed.compareAndSet(false, true)) {
                    throw new NoClassDefFoundError("of the test");
                  }
                  return start();
                },
                1,
                1,
                1,
                Duration.ofHours(1),
                Duration.ofHours(1),
                LONG,
                BorrowPolicy.WAIT,
                sandbox -> true,
                sandbox -> {}));
    pool.open();
    try (pool) {
      assertThat(pool.awaitIdle(LONG)).isTrue();
      assertThat(pool.statistics().failedStarts()).isEqualTo(1);
    }
  }
}
