package io.katajava.internal.pool;

import io.katajava.BorrowPolicy;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.PoolStatistics;
import io.katajava.Sandbox;
import io.katajava.SandboxState;
import io.katajava.base.threads.OwnedThreads;
import io.katajava.spi.Ending;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of things used once. Under its lock only counters and the queue are touched: sandboxes are
 * started, checked and closed by its own threads, as many as may refill it.
 */
public final class PoolCore implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PoolCore.class);
  private static final Duration FIRST_RETRY = Duration.ofMillis(500);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(30);
  private static final long CLOSE_LIMIT_SECONDS = 60;

  /**
   * What the builder says.
   *
   * @param start starts one sandbox
   * @param minimumIdle how many shall be idle
   * @param maximum how many there may be
   * @param refillConcurrency how many are started at once
   * @param maximumAge after which an idle one is replaced
   * @param healthInterval how often the idle ones are checked
   * @param borrowTimeout the longest wait of a borrower
   * @param whenEmpty what a borrower gets when none is idle
   * @param healthCheck whether an idle one is fit
   * @param warmUp what is done before one can be borrowed
   */
  public record Settings(
      Supplier<Sandbox> start,
      int minimumIdle,
      int maximum,
      int refillConcurrency,
      Duration maximumAge,
      Duration healthInterval,
      Duration borrowTimeout,
      BorrowPolicy whenEmpty,
      Predicate<Sandbox> healthCheck,
      Consumer<Sandbox> warmUp) {}

  private record Idle(Sandbox sandbox, long sinceNanos) {}

  private final Settings settings;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Idle> idle = new ArrayDeque<>();
  private final ScheduledExecutorService threads;
  private int starting;
  private int lent;
  private int waiting;
  private boolean closed;
  private Duration retry = FIRST_RETRY;
  private @Nullable RuntimeException lastFailure;
  private boolean retryPlanned;
  private long started;
  private long borrowed;
  private long waited;
  private long refused;
  private long discarded;
  private long failedStarts;
  private final Ending end = new Ending("the pool");

  /**
   * A pool that does nothing yet.
   *
   * @param settings its settings
   */
  public PoolCore(Settings settings) {
    this.settings = settings;
    // One more than refills: checks and closings go on beside them.
    this.threads =
        Executors.newScheduledThreadPool(
            settings.refillConcurrency() + 1, OwnedThreads.factory("kata-pool-"));
  }

  /** Begins to fill. */
  public void open() {
    long nanos = settings.healthInterval().toNanos();
    threads.scheduleWithFixedDelay(this::checkOnce, nanos, nanos, TimeUnit.NANOSECONDS);
    locked(this::refill);
  }

  /** A check that throws must not be the last: the executor would repeat it no more. */
  private void checkOnce() {
    try {
      checkIdle();
    } catch (RuntimeException | Error e) {
      log.warn(
          "the sandboxes of the pool could not be checked; the next check comes at its usual time",
          e);
    }
  }

  private void locked(Runnable action) {
    lock.lock();
    try {
      action.run();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Borrows one.
   *
   * @return the borrower's own
   */
  public Sandbox borrow() {
    lock.lock();
    try {
      Sandbox sandbox = takeIdle();
      if (sandbox != null) {
        return sandbox;
      }
      if (settings.whenEmpty() == BorrowPolicy.WAIT) {
        return await();
      } else if (settings.whenEmpty() == BorrowPolicy.FAIL) {
        throw refuse("no sandbox is idle");
      } else if (total() >= settings.maximum()) {
        throw refuse("no sandbox is idle and all " + settings.maximum() + " are in use");
      }
      lent++;
    } finally {
      lock.unlock();
    }
    return createForBorrower();
  }

  private KataException refuse(String why) {
    refused++;
    refill();
    return new KataException(
        ErrorCode.POOL_EMPTY,
        "the pool has nothing to lend: " + why,
        details()
            .withRemedy(
                "Raise minimumIdle(...) or maximum(...), or choose another whenEmpty(...)"));
  }

  private Details details() {
    RuntimeException cause = lastFailure;
    return cause == null ? Details.none() : Details.none().withCause(cause);
  }

  private @Nullable Sandbox takeIdle() {
    requireOpen();
    for (Idle next = idle.poll(); next != null; next = idle.poll()) {
      if (isFresh(next) && next.sandbox().state() == SandboxState.RUNNING) {
        lent++;
        borrowed++;
        watch(next.sandbox());
        refill();
        return next.sandbox();
      }
      discard(next.sandbox());
    }
    refill();
    return null;
  }

  private void requireOpen() {
    if (closed) {
      throw new KataException(ErrorCode.CLOSED, "the pool is closed");
    }
  }

  private boolean isFresh(Idle one) {
    return System.nanoTime() - one.sinceNanos() < settings.maximumAge().toNanos();
  }

  /** A lent one makes room when it has ended. */
  private void watch(Sandbox sandbox) {
    sandbox
        .onExit()
        .thenRun(
            () ->
                locked(
                    () -> {
                      lent--;
                      refill();
                      changed.signalAll();
                    }));
  }

  private Sandbox await() {
    long left = settings.borrowTimeout().toNanos();
    waited++;
    waiting++;
    try {
      refill();
      while (left > 0) {
        left = changed.awaitNanos(left);
        Sandbox sandbox = takeIdle();
        if (sandbox != null) {
          return sandbox;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED, "interrupted while waiting for a sandbox of the pool", e);
    } finally {
      waiting--;
    }
    refused++;
    throw new KataException(
        ErrorCode.TIMEOUT,
        "no sandbox of the pool was idle within "
            + settings.borrowTimeout().toMillis()
            + " ms; "
            + lent
            + " are lent, "
            + starting
            + " starting, at most "
            + settings.maximum(),
        details());
  }

  private Sandbox createForBorrower() {
    boolean done = false;
    Sandbox sandbox = null;
    try {
      sandbox = settings.start().get();
      watch(sandbox);
      done = true;
      locked(
          () -> {
            started++;
            borrowed++;
          });
      return sandbox;
    } finally {
      if (!done) {
        if (sandbox != null) {
          close(sandbox);
        }
        locked(
            () -> {
              lent--;
              failedStarts++;
            });
      }
    }
  }

  private int total() {
    return idle.size() + starting + lent;
  }

  /** With the lock held. */
  private void refill() {
    while (!closed
        && !retryPlanned
        && starting < settings.refillConcurrency()
        && idle.size() + starting < settings.minimumIdle() + waiting
        && total() < settings.maximum()) {
      starting++;
      run(this::startOne);
    }
  }

  private void run(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("the pool is closed", e);
    }
  }

  private void startOne() {
    Sandbox sandbox = null;
    boolean fit = false;
    try {
      sandbox = settings.start().get();
      settings.warmUp().accept(sandbox);
      fit = true;
    } catch (RuntimeException e) {
      failed(e);
    } catch (Error e) {
      // It would go unheard on this thread, and a place of the pool with it.
      failed(new IllegalStateException("a sandbox for the pool could not be started: " + e, e));
    } finally {
      if (!fit && sandbox != null) {
        close(sandbox);
      }
    }
    if (fit && sandbox != null) {
      arrived(sandbox);
    }
  }

  private void failed(RuntimeException failure) {
    lock.lock();
    try {
      starting--;
      failedStarts++;
      lastFailure = failure;
      if (closed) {
        return;
      }
      log.warn(
          "a sandbox for the pool could not be started; the next try is in {} ms: {}",
          retry.toMillis(),
          failure.getMessage());
      retryPlanned = true;
      threads.schedule(
          () ->
              locked(
                  () -> {
                    retryPlanned = false;
                    refill();
                  }),
          retry.toMillis(),
          TimeUnit.MILLISECONDS);
      Duration twice = retry.multipliedBy(2);
      retry = twice.compareTo(LONGEST_RETRY) < 0 ? twice : LONGEST_RETRY;
    } finally {
      lock.unlock();
    }
  }

  private void arrived(Sandbox sandbox) {
    boolean kept;
    lock.lock();
    try {
      starting--;
      started++;
      retry = FIRST_RETRY;
      lastFailure = null;
      kept = !closed;
      if (kept) {
        idle.add(new Idle(sandbox, System.nanoTime()));
        refill();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (kept) {
      // One that ends by itself while it is idle is replaced at once.
      sandbox.onExit().thenRun(() -> locked(() -> dropIfIdle(sandbox)));
    } else {
      close(sandbox);
    }
  }

  private void dropIfIdle(Sandbox sandbox) {
    if (idle.removeIf(one -> one.sandbox() == sandbox)) {
      discard(sandbox);
      refill();
    }
  }

  /** With the lock held; the closing itself is another thread's. */
  private void discard(Sandbox sandbox) {
    discarded++;
    run(() -> close(sandbox));
  }

  /** What it fails with is told by the end of the pool if that waits for it, else in the log. */
  private void close(Sandbox sandbox) {
    try {
      sandbox.close();
    } catch (RuntimeException | Error e) {
      log.warn("sandbox {} of the pool was not closed completely: {}", sandbox.id(), e.toString());
      locked(
          () -> {
            if (closed) {
              end.failed("closing sandbox " + sandbox.id(), e);
            }
          });
    }
  }

  /** Each is taken out while it is checked, so that nobody borrows it meanwhile. */
  private void checkIdle() {
    List<Idle> all;
    lock.lock();
    try {
      all = new ArrayList<>(idle);
    } finally {
      lock.unlock();
    }
    for (Idle one : all) {
      lock.lock();
      try {
        if (closed || !idle.remove(one)) {
          continue;
        }
        starting++;
      } finally {
        lock.unlock();
      }
      boolean fit = isFit(one);
      lock.lock();
      try {
        starting--;
        if (fit && !closed) {
          idle.add(one);
          changed.signalAll();
        } else {
          discard(one.sandbox());
        }
        refill();
      } finally {
        lock.unlock();
      }
      if (closed) {
        close(one.sandbox());
      }
    }
  }

  private boolean isFit(Idle one) {
    return isFresh(one) && isHealthy(one.sandbox());
  }

  private boolean isHealthy(Sandbox sandbox) {
    try {
      return sandbox.state() == SandboxState.RUNNING && settings.healthCheck().test(sandbox);
    } catch (RuntimeException | Error e) {
      log.debug("sandbox {} of the pool is not healthy", sandbox.id(), e);
      return false;
    }
  }

  /**
   * The counters.
   *
   * @return a snapshot
   */
  public PoolStatistics statistics() {
    lock.lock();
    try {
      return new PoolStatistics(
          idle.size(), starting, lent, started, borrowed, waited, refused, discarded, failedStarts);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the minimum is idle.
   *
   * @param timeout the longest wait
   * @return whether it is
   */
  public boolean awaitIdle(Duration timeout) {
    lock.lock();
    try {
      long left = timeout.toNanos();
      while (idle.size() < settings.minimumIdle() && !closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      return idle.size() >= settings.minimumIdle();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED, "interrupted while waiting for the pool to fill", e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    List<Idle> rest;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      rest = new ArrayList<>(idle);
      idle.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    rest.forEach(one -> run(() -> close(one.sandbox())));
    // Starts under way end, see that the pool is closed, and close what they started.
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
        log.warn("a sandbox of the pool is still being started or closed");
        endNow();
      }
    } catch (InterruptedException e) {
      endNow();
      Thread.currentThread().interrupt();
    }
    Ending told = new Ending("the pool");
    locked(() -> told.step("its end", end::orThrow));
    told.orThrow();
  }

  /** What waits for a thread is done by this one: each task is the end of a sandbox. */
  private void endNow() {
    threads.shutdownNow().forEach(Runnable::run);
  }
}
