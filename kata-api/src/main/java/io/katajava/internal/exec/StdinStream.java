package io.katajava.internal.exec;

import io.katajava.ExecOutcome;
import io.katajava.ExecOutcome.TimedOut.Fate;
import io.katajava.agent.AgentException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A process's standard input: each write returns when the guest has taken it. */
final class StdinStream extends OutputStream {
  /** Larger writes are cut, so that one frame never keeps small calls waiting for long. */
  private static final int CHUNK = 128 << 10;

  private final RunningCommand command;
  private boolean closed;
  private volatile @Nullable Patience patience;

  StdinStream(RunningCommand command) {
    this.command = command;
  }

  /** Writes wait no longer than this for the guest. */
  void patience(Patience limit) {
    patience = limit;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    if (closed) {
      throw new IOException("standard input of " + command.command().get(0) + " is closed");
    }
    for (int from = offset; from < offset + length; from += CHUNK) {
      int part = Math.min(CHUNK, offset + length - from);
      await(command.process().write(ByteBuffer.wrap(source, from, part)), patience);
    }
  }

  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (command.hasEnded()) {
      return;
    }
    try {
      Patience limit = patience;
      await(
          command.process().closeStdin(),
          limit == null ? new Patience(command.callTimeout(), Optional.empty()) : limit);
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      if (!command.hasEnded() && !(e.getCause() instanceof AgentException)) {
        throw e;
      }
      // It ended meanwhile: its input is as closed as it gets.
    }
  }

  /** A command takes its input when it likes: without a limit a write waits for that. */
  private void await(CompletableFuture<Void> done, @Nullable Patience limit) throws IOException {
    try {
      // A command that has ended takes nothing more, whether the guest says so or not.
      CompletableFuture<?> either = CompletableFuture.anyOf(done, command.exit());
      if (limit == null) {
        either.get();
      } else {
        either.get(limit.next().toNanos(), TimeUnit.NANOSECONDS);
      }
      if (!done.isDone()) {
        lastAnswer(done, command.exit().join());
      }
      done.get();
    } catch (TimeoutException e) {
      done.cancel(false);
      throw Objects.requireNonNull(limit).exhausted("writing to its input");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while writing to a command's standard input");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new IOException(
          "cannot write to standard input of "
              + command.command().get(0)
              + (command.hasEnded() ? ", which has ended" : ": " + cause),
          cause);
    }
  }

  /**
   * The command has ended, and the answer to what was written may still be on its way: a guest that
   * told of the end gives it at once, and it says whether all was taken.
   */
  private void lastAnswer(CompletableFuture<Void> done, ExecOutcome outcome)
      throws IOException, InterruptedException, ExecutionException {
    boolean answers =
        !(outcome instanceof ExecOutcome.VmLost)
            && !(outcome instanceof ExecOutcome.TimedOut late && late.fate() != Fate.KILLED);
    try {
      done.get(answers ? command.callTimeout().toNanos() : 0, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      done.cancel(false);
      throw new IOException(
          "cannot write to standard input of "
              + command.command().get(0)
              + ", which "
              + outcome.describe(),
          e);
    }
  }
}
