package io.katajava;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a container's first process wrote: the newest lines, as much as {@link
 * ContainerBuilder#keepLog} allows, over restarts. Reading it takes nothing away.
 */
public interface ContainerLog {

  /** Where a line came from. */
  enum Stream {
    /** Standard output, or the terminal. */
    STDOUT,
    /** Standard error. */
    STDERR
  }

  /**
   * One line.
   *
   * @param at when its end reached the host
   * @param stream where it came from
   * @param text UTF-8, without the line end; malformed bytes are U+FFFD
   */
  record Line(Instant at, Stream stream, String text) {}

  /**
   * The lines that are kept, oldest first.
   *
   * @return a snapshot; a line that has not ended yet is not in it
   */
  List<Line> lines();

  /**
   * How many lines had to go for newer ones.
   *
   * @return the count
   */
  long droppedLines();

  /**
   * Hands the lines that are kept to a consumer, then every new one; see {@link #follow(Consumer,
   * Runnable)}.
   *
   * @param consumer takes the lines
   * @return to be closed to end it
   */
  default Following follow(Consumer<Line> consumer) {
    return follow(consumer, () -> {});
  }

  /**
   * Hands the lines that are kept to a consumer, then every new one, one call at a time on the
   * library's workers. A consumer that is so slow that lines are dropped meanwhile misses those;
   * one that throws gets nothing more.
   *
   * @param consumer takes the lines
   * @param end is run, like the consumer, when the output of the first process has ended and all of
   *     it was handed over; again after a restart. A container that is closed ends its output
   * @return to be closed to end it
   */
  Following follow(Consumer<Line> consumer, Runnable end);

  /** A consumer that follows a log. */
  interface Following extends AutoCloseable {
    /** Ends it. A call under way is not waited for. */
    @Override
    void close();
  }
}
