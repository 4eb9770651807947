package io.katajava.internal.pool;

import io.katajava.BorrowPolicy;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.PoolStatistics;
import io.katajava.Sandbox;
import io.katajava.SandboxState;
import io.katajava.spi.Ending;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of things used once. Under its lock only counters and the queue are touched: sandboxes are
 * started, checked and closed by its own threads, as many as may refill it.
 */
public final class PoolCore implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PoolCore.class);

  private final PoolSettings settings;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<IdleSandbox> idle = new ArrayDeque<>();
  private final RefillBackoff backoff = new RefillBackoff();
  private final PoolWorkers workers;
  private int starting;
  private int lent;
  private int waiting;
  private boolean closed;
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
  public PoolCore(PoolSettings settings) {
    this.settings = settings;
    this.workers = new PoolWorkers(settings.refillConcurrency());
  }

  /** Begins to fill. */
  public void open() {
    workers.repeat(this::checkIdle, settings.healthInterval());
    locked(this::refill);
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
    RuntimeException cause = backoff.lastFailure();
    return cause == null ? Details.none() : Details.none().withCause(cause);
  }

  private @Nullable Sandbox takeIdle() {
    requireOpen();
    for (IdleSandbox next = idle.poll(); next != null; next = idle.poll()) {
      if (next.isFresh(settings.maximumAge()) && next.sandbox().state() == SandboxState.RUNNING) {
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
              // There is room for one more again.
              refill();
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
        && !backoff.isPausing()
        && starting < settings.refillConcurrency()
        && idle.size() + starting < settings.minimumIdle() + waiting
        && total() < settings.maximum()) {
      starting++;
      workers.run(this::startOne);
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
      Duration pause = backoff.failed(failure);
      if (closed) {
        return;
      }
      log.warn(
          "a sandbox for the pool could not be started; the next try is in {} ms: {}",
          pause.toMillis(),
          failure.getMessage());
      workers.later(
          () ->
              locked(
                  () -> {
                    backoff.resume();
                    refill();
                  }),
          pause);
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
      backoff.succeeded();
      kept = !closed;
      if (kept) {
        idle.add(new IdleSandbox(sandbox, System.nanoTime()));
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
    workers.run(() -> close(sandbox));
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
    List<IdleSandbox> all;
    lock.lock();
    try {
      all = new ArrayList<>(idle);
    } finally {
      lock.unlock();
    }
    for (IdleSandbox one : all) {
      lock.lock();
      try {
        if (closed || !idle.remove(one)) {
          continue;
        }
        starting++;
      } finally {
        lock.unlock();
      }
      boolean fit = one.isFit(settings);
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
    List<IdleSandbox> rest;
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
    rest.forEach(one -> workers.run(() -> close(one.sandbox())));
    // Starts under way end, see that the pool is closed, and close what they started.
    workers.end();
    Ending told = new Ending("the pool");
    locked(() -> told.step("its end", end::orThrow));
    told.orThrow();
  }
}
