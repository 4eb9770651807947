package io.katajava;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/**
 * The kept output of a container's first process: the newest lines, as much as {@link
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

  /** How a line ended. */
  enum End {
    /** With {@code \n}. */
    NEWLINE("\n"),
    /** With {@code \r\n}, as on a terminal. */
    RETURN_AND_NEWLINE("\r\n"),
    /** Not with a line end: it is the output's last, or a longer line was cut after 1 MiB. */
    NONE(""),
    /** Not yet: it is a prompt, or there is more to come. */
    OPEN("");

    private final String text;

    End(String text) {
      this.text = text;
    }

    /**
     * What was written for it.
     *
     * @return one or two characters, or none
     */
    public String text() {
      return text;
    }
  }

  /**
   * One line.
   *
   * @param at when its end reached the host, or what there is of it
   * @param stream where it came from
   * @param text UTF-8, without the line end; malformed bytes are U+FFFD
   * @param end how it ended
   */
  record Line(Instant at, Stream stream, String text, End end) {
    /**
     * The line as it was written.
     *
     * @return the text and its end
     */
    public String written() {
      return text + end.text();
    }
  }

  /**
   * The lines that are kept, oldest first, and after them the one of each stream that has not ended
   * yet, with {@link End#OPEN}.
   *
   * @return a snapshot
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
   * Hands the lines that are kept to a consumer, then every new one once it has ended, one call at
   * a time on the library's workers. A consumer that is so slow that lines are dropped meanwhile
   * misses those; one that throws gets nothing more.
   *
   * @param consumer takes the lines
   * @param end is run, like the consumer, when the output of the first process has ended and all of
   *     it was handed over; again after a restart. A container that is closed ends its output
   * @return to be closed to end it
   */
  Following follow(Consumer<Line> consumer, Runnable end);

  /**
   * As {@link #follow(Consumer, Runnable)}, also with what has not ended yet: such a line is handed
   * over with {@link End#OPEN} as soon as nothing was added to it for half a second, or it has been
   * open for two. When it has grown it is handed over again, whole, and so it is when it has ended.
   * No other line of its stream comes in between.
   *
   * @param consumer takes the lines
   * @param end is run when the output has ended
   * @return to be closed to end it
   */
  Following followOpen(Consumer<Line> consumer, Runnable end);

  /** A consumer that follows a log. */
  interface Following extends AutoCloseable {
    /** Ends it. A call under way is not waited for. */
    @Override
    void close();
  }
}
