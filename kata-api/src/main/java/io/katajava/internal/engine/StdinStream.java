package io.katajava.internal.engine;

import io.katajava.agent.AgentException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A process's standard input: each write returns when the guest has taken it. */
final class StdinStream extends OutputStream {
  /** Larger writes are cut, so that one frame never keeps small calls waiting for long. */
  private static final int CHUNK = 128 << 10;

  private final RunningCommand command;
  private boolean closed;

  StdinStream(RunningCommand command) {
    this.command = command;
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
      await(command.process().write(ByteBuffer.wrap(source, from, part)));
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
      await(command.process().closeStdin());
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      if (!command.hasEnded() && !(e.getCause() instanceof AgentException)) {
        throw e;
      }
      // It ended meanwhile: its input is as closed as it gets.
    }
  }

  private void await(CompletableFuture<Void> done) throws IOException {
    try {
      done.get();
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
}
