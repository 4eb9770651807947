package io.katajava;

import java.time.Duration;
import java.util.Map;

/**
 * One figure of a runtime, which can be read at any time and is as of the call. Names and tags are
 * part of the API and follow the conventions of Micrometer; {@code docs/observability.md} lists
 * them.
 */
public interface KataMeter {

  /** What kind of figure it is. */
  enum Type {
    /** A number that only grows: {@link KataMeter#value()}. */
    COUNTER,
    /** A number that goes up and down: {@link KataMeter#value()}. */
    GAUGE,
    /**
     * Durations: {@link KataMeter#count()}, {@link KataMeter#total()}, {@link KataMeter#max()},
     * {@link KataMeter#percentile}, {@link KataMeter#countUpTo}.
     */
    TIMER
  }

  /**
   * The figure's name.
   *
   * @return for example {@code kata.sandbox.starts}
   */
  String name();

  /**
   * What tells it from others of that name.
   *
   * @return for example {@code birth=template}; may be empty
   */
  Map<String, String> tags();

  /**
   * Which methods mean something.
   *
   * @return the type
   */
  Type type();

  /**
   * The value of a counter or gauge; of a timer, how many durations there were.
   *
   * @return without a unit, or in bytes where the name says so
   */
  double value();

  /**
   * How many durations a timer has seen.
   *
   * @return as {@link #value()} for other types
   */
  long count();

  /**
   * The sum of a timer's durations.
   *
   * @return zero for other types
   */
  Duration total();

  /**
   * The longest of a timer's durations since the runtime was made.
   *
   * @return zero for other types
   */
  Duration max();

  /**
   * What a part of a timer's durations did not exceed, since the runtime was made. Durations are
   * counted in buckets, eight to each power of two: what is returned is at most an eighth too long,
   * and never longer than {@link #max()}.
   *
   * @param part for example 0.95; from 0 to 1
   * @return zero when there is no duration yet, and for other types
   */
  Duration percentile(double part);

  /**
   * How many of a timer's durations were at most so long: the buckets of a histogram, cumulative as
   * Prometheus has them. A duration counts when all of its own bucket is within the bound, so those
   * less than an eighth below it may be missing.
   *
   * @param bound inclusive
   * @return zero for other types
   */
  long countUpTo(Duration bound);
}
