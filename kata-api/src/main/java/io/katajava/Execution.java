package io.katajava;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A command that runs, with its streams.
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
  java.util.List<String> command();

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
   * Sends a signal to the command. A command that has ended is no error.
   *
   * @param signal the guest's signal number, for example 15
   * @throws KataException when the agent cannot be asked
   */
  void signal(int signal);

  /**
   * Sets the size of the command's terminal.
   *
   * @param columns width in characters
   * @param rows height in characters
   * @throws KataException when the command has no terminal
   */
  void resize(int columns, int rows);

  /** Kills the command if it still runs and frees what it holds. Idempotent. */
  @Override
  void close();
}
