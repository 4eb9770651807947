package io.katajava.internal.exec;

import io.katajava.base.threads.OwnedThreads;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Moves one output stream from the agent into a sink: one read in flight, the next one only when
 * the sink wants more. Holds no thread.
 */
public final class OutputPump {
  private final Supplier<CompletableFuture<byte[]>> read;
  private final OutputSink sink;
  private final Executor executor;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  public OutputPump(Supplier<CompletableFuture<byte[]>> read, OutputSink sink, Executor executor) {
    this.read = read;
    this.sink = sink;
    this.executor = executor;
  }

  /** Begins; completes when the stream has ended, exceptionally when it could not be read on. */
  public CompletableFuture<Void> start() {
    next();
    return ended;
  }

  private void next() {
    CompletableFuture<byte[]> chunk;
    try {
      chunk = read.get();
    } catch (RuntimeException | Error e) {
      finish(e);
      return;
    }
    chunk.whenComplete(
        (bytes, failure) -> OwnedThreads.handOver(executor, () -> take(bytes, failure)));
  }

  private void take(byte @Nullable [] chunk, @Nullable Throwable failure) {
    if (failure != null || chunk == null) {
      finish(failure);
    } else if (chunk.length == 0) {
      finish(null);
    } else {
      boolean more;
      try {
        more = sink.accept(chunk, this::next);
      } catch (RuntimeException | Error e) {
        finish(e);
        return;
      }
      if (more) {
        next();
      }
    }
  }

  private void finish(@Nullable Throwable failure) {
    try {
      sink.end(failure);
    } finally {
      if (failure == null) {
        ended.complete(null);
      } else {
        ended.completeExceptionally(failure);
      }
    }
  }
}
