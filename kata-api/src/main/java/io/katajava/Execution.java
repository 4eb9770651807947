package io.katajava;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * A running command, with its streams.
 *
 * <p>Both output streams have their own buffer on the host; a stream nobody reads holds up the
 * command once that buffer and the guest's pipe are full, but never the other stream and never the
 * report of the exit. After the exit the rest of the output can still be read, up to the end of
 * file.
 */
public interface Execution extends AutoCloseable {

  /**
   * What runs.
   *
   * @return program and arguments
   */
  List<String> command();

  /**
   * The command's process id in its container, as its own {@code getpid()} gives it.
   *
   * @return the pid; empty when the guest's agent does not tell (ours does, upstream's does not)
   */
  OptionalInt pid();

  /**
   * The command's standard input. Writes block while the command does not read; {@link
   * OutputStream#close()} is a real end of file. After the command has ended a write throws.
   *
   * @return the stream
   */
  OutputStream stdin();

  /**
   * The command's standard output; with a terminal, all of its output.
   *
   * @return the stream
   */
  InputStream stdout();

  /**
   * The command's standard error; empty with a terminal.
   *
   * @return the stream
   */
  InputStream stderr();

  /**
   * Standard output as a publisher, for one subscriber and instead of {@link #stdout()}. Chunks
   * come as the guest gave them, read-only, on the library's workers, never more than were asked
   * for; what is not asked for holds up the command like an unread stream. Completes at the end of
   * file; fails when the machine was lost before it. Cancelling throws the rest of the output away.
   *
   * @return the publisher
   */
  Flow.Publisher<ByteBuffer> stdoutPublisher();

  /**
   * Standard error as a publisher; see {@link #stdoutPublisher()}.
   *
   * @return the publisher
   */
  Flow.Publisher<ByteBuffer> stderrPublisher();

  /**
   * Gives standard output to a consumer, line by line and instead of {@link #stdout()}: UTF-8
   * (malformed bytes become U+FFFD), without line ends, one call at a time, on the library's
   * workers. A line longer than 1 MiB comes in pieces. A consumer that throws gets nothing more.
   *
   * @param consumer takes the lines
   * @return completes after the last line; exceptionally when the consumer threw or the machine was
   *     lost before the end
   */
  CompletableFuture<Void> onStdoutLine(Consumer<String> consumer);

  /**
   * Gives standard error to a consumer; see {@link #onStdoutLine}.
   *
   * @param consumer takes the lines
   * @return completes after the last line
   */
  CompletableFuture<Void> onStderrLine(Consumer<String> consumer);

  /**
   * Completes when the command has ended. Cancelling it does nothing to the command. Never
   * completes exceptionally.
   *
   * @return the outcome
   */
  CompletableFuture<ExecOutcome> onExit();

  /**
   * Waits for the end of the command.
   *
   * @return the outcome
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted; the
   *     command goes on
   */
  ExecOutcome waitFor();

  /**
   * Waits for the end of the command, but not longer than a timeout; the command goes on after it.
   *
   * @param timeout the longest wait
   * @return the outcome, or empty when it still runs
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted
   */
  Optional<ExecOutcome> waitFor(Duration timeout);

  /**
   * Sends a signal to the command's process alone. A command that has ended is no error.
   *
   * @param signal the guest's signal number, for example 15
   * @throws KataException when the agent cannot be asked
   */
  void signal(int signal);

  /**
   * Kills the command and all of its process group, without waiting. A command that has ended is no
   * error.
   */
  void kill();

  /**
   * Sets the size of the command's terminal.
   *
   * @param columns width in characters
   * @param rows height in characters
   * @throws KataException when the command has no terminal
   */
  void resize(int columns, int rows);

  /**
   * Ties this process's controlling terminal ({@code /dev/tty}) to the command until it ends: keys
   * go to the command one by one, its output to the screen, the window's size follows. The terminal
   * gets its settings back however this ends: return, exception, or the end of the JVM, even by
   * {@code kill -9}.
   *
   * @return the outcome, after all output is on the screen
   * @throws IllegalStateException if the command was started without {@code tty}
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} if this process has no terminal,
   *     or {@link ErrorCode#INTERRUPTED} if the thread is interrupted; the command goes on
   */
  ExecOutcome attachTerminal();

  /**
   * Kills the command and its process group if it still runs, and frees what it holds. Idempotent.
   */
  @Override
  void close();
}
