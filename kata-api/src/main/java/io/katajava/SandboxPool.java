package io.katajava;

import io.katajava.KataException.Details;
import io.katajava.internal.pool.PoolCore;
import io.katajava.internal.pool.PoolSettings;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A pool that keeps sandboxes ready to be borrowed. A borrowed one belongs to the borrower, who
 * closes it: it is used once and never comes back, so nothing of one use is seen by another.
 *
 * <pre>{@code
 * try (SandboxPool pool = kata.pool().minimumIdle(4).maximum(16).build();
 *     Sandbox sandbox = pool.borrow()) {
 *   sandbox.exec("uname").orThrow();
 * }
 * }</pre>
 *
 * <p>Safe for many threads. Closing it closes the idle ones; those that are lent stay.
 */
public final class SandboxPool implements AutoCloseable {
  private final PoolCore core;

  private SandboxPool(PoolCore core) {
    this.core = core;
  }

  /**
   * Borrows a sandbox; when none is idle, {@link Builder#whenEmpty} counts.
   *
   * @return a running sandbox with its default container made, to be closed
   * @throws KataException with {@link ErrorCode#POOL_EMPTY} when there is none, with {@link
   *     ErrorCode#TIMEOUT} when waiting did not help, with {@link ErrorCode#CLOSED} when the pool
   *     is closed; as a start when the policy is to create one and that fails
   */
  public Sandbox borrow() {
    return core.borrow();
  }

  /**
   * What the pool has and has done.
   *
   * @return a snapshot
   */
  public PoolStatistics statistics() {
    return core.statistics();
  }

  /**
   * Waits until the minimum is idle, for example before a program begins its work.
   *
   * @param timeout the longest wait
   * @return whether it is
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted
   */
  public boolean awaitIdle(Duration timeout) {
    return core.awaitIdle(timeout);
  }

  /**
   * Closes the idle sandboxes and starts none any more. Returns when they are gone.
   *
   * @throws KataException with what their ends failed with; all of them end all the same
   */
  @Override
  public void close() {
    core.close();
  }

  /** Settings of a pool. Not safe for several threads. */
  public static final class Builder {
    private final Kata kata;
    private SandboxBuilder sandbox;
    private int minimumIdle = 1;
    private int maximum = 16;
    private int refillConcurrency = 1;
    private Duration maximumAge = Duration.ofHours(1);
    private Duration healthInterval = Duration.ofSeconds(30);
    private Duration borrowTimeout = Duration.ofSeconds(30);
    private BorrowPolicy whenEmpty = BorrowPolicy.WAIT;
    private Predicate<Sandbox> healthCheck = sandbox -> !sandbox.guestMetrics().isEmpty();
    private Consumer<Sandbox> warmUp = sandbox -> sandbox.exec("true").orThrow();

    Builder(Kata kata) {
      this.kata = kata;
      this.sandbox = kata.sandbox().image("busybox").birth(BirthPolicy.TEMPLATE_IN_BACKGROUND);
    }

    /**
     * Describes the sandboxes. Default: as {@link Kata#sandbox()}, with the image {@code busybox}
     * and {@link BirthPolicy#TEMPLATE_IN_BACKGROUND}.
     *
     * @param description of one sandbox; all are alike
     * @return this
     */
    public Builder sandbox(Consumer<SandboxBuilder> description) {
      description.accept(sandbox);
      return this;
    }

    /**
     * Sets how many shall be idle. Default: 1.
     *
     * @param count at least 0
     * @return this
     */
    public Builder minimumIdle(int count) {
      this.minimumIdle = atLeast(0, count, "minimum of idle sandboxes");
      return this;
    }

    /**
     * Sets how many there may be in all: idle, starting and lent. Default: 16.
     *
     * @param count at least 1
     * @return this
     */
    public Builder maximum(int count) {
      this.maximum = atLeast(1, count, "maximum of sandboxes");
      return this;
    }

    /**
     * Sets how many are started at the same time to refill the pool. Default: 1.
     *
     * @param count at least 1
     * @return this
     */
    public Builder refillConcurrency(int count) {
      this.refillConcurrency = atLeast(1, count, "refill concurrency");
      return this;
    }

    /**
     * Sets after which time an idle sandbox is replaced. Default: one hour.
     *
     * @param age positive
     * @return this
     */
    public Builder maximumAge(Duration age) {
      this.maximumAge = Checks.positive("maximum age", age);
      return this;
    }

    /**
     * Sets how idle sandboxes are checked, and how often. One that fails or throws is replaced.
     * Default: every 30 s, whether the agent answers with its metrics.
     *
     * @param interval positive
     * @param check true for one that is fit
     * @return this
     */
    public Builder healthCheck(Duration interval, Predicate<Sandbox> check) {
      this.healthInterval = Checks.positive("health interval", interval);
      this.healthCheck = check;
      return this;
    }

    /**
     * Sets what is done with a sandbox before it can be borrowed. Default: a command is executed in
     * its default container, so that the borrower's first one is quick.
     *
     * @param action what throws replaces the sandbox
     * @return this
     */
    public Builder warmUp(Consumer<Sandbox> action) {
      this.warmUp = action;
      return this;
    }

    /**
     * Sets what happens when none is idle. Default: {@link BorrowPolicy#WAIT}.
     *
     * @param policy the policy
     * @return this
     */
    public Builder whenEmpty(BorrowPolicy policy) {
      this.whenEmpty = policy;
      return this;
    }

    /**
     * Sets the longest wait of a borrower. Default: 30 s.
     *
     * @param timeout positive
     * @return this
     */
    public Builder borrowTimeout(Duration timeout) {
      this.borrowTimeout = Checks.positive("borrow timeout", timeout);
      return this;
    }

    /**
     * Opens the pool, which begins to fill itself.
     *
     * @return the pool, to be closed before its {@link Kata}
     * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} when the minimum is above
     *     the maximum
     */
    public SandboxPool build() {
      if (minimumIdle > maximum) {
        throw new KataException(
            ErrorCode.INVALID_CONFIGURATION,
            "a pool cannot keep "
                + minimumIdle
                + " sandboxes idle when it may have "
                + maximum
                + " in all",
            Details.none());
      }
      SandboxSpec spec = sandbox.spec();
      PoolCore core =
          new PoolCore(
              new PoolSettings(
                  () -> kata.start(spec),
                  minimumIdle,
                  maximum,
                  refillConcurrency,
                  maximumAge,
                  healthInterval,
                  borrowTimeout,
                  whenEmpty,
                  healthCheck,
                  warmUp));
      core.open();
      return new SandboxPool(core);
    }

    private static int atLeast(int least, int count, String what) {
      if (count < least) {
        throw new IllegalArgumentException(
            "the " + what + " is at least " + least + ", asked for " + count);
      }
      return count;
    }
  }
}
