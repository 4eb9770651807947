package io.katajava;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A point in time by which something must be done, on the clock of {@link System#nanoTime()}. */
public final class Deadline {
  private final long atNanos;
  private final Duration allowed;

  private Deadline(long atNanos, Duration allowed) {
    this.atNanos = atNanos;
    this.allowed = allowed;
  }

  /**
   * A deadline from now on.
   *
   * @param duration how much time there is; negative counts as zero
   * @return the deadline
   */
  public static Deadline after(Duration duration) {
    Duration allowed = duration.isNegative() ? Duration.ZERO : duration;
    long nanos;
    try {
      nanos = Math.min(allowed.toNanos(), TimeUnit.DAYS.toNanos(36500));
    } catch (ArithmeticException e) {
      nanos = TimeUnit.DAYS.toNanos(36500);
    }
    return new Deadline(System.nanoTime() + nanos, allowed);
  }

  /**
   * How much time is left.
   *
   * @return zero when the deadline has passed
   */
  public Duration remaining() {
    return Duration.ofNanos(Math.max(0, atNanos - System.nanoTime()));
  }

  /**
   * The shorter of what is left and a limit.
   *
   * @param limit the longest wait wanted
   * @return a duration, not negative
   */
  public Duration remainingAtMost(Duration limit) {
    Duration left = remaining();
    return left.compareTo(limit) < 0 ? left : limit;
  }

  /**
   * Tells whether the time is up.
   *
   * @return whether nothing is left
   */
  public boolean isExpired() {
    return atNanos - System.nanoTime() <= 0;
  }

  /**
   * How much time there was in all.
   *
   * @return the duration the deadline was made with
   */
  public Duration allowed() {
    return allowed;
  }

  @Override
  public String toString() {
    return remaining().toMillis() + " ms left of " + allowed.toMillis() + " ms";
  }
}
