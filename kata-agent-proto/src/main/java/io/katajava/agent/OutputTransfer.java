package io.katajava.agent;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** Moves an output stream of a process; several reads may be under way. */
final class OutputTransfer {
  private final Supplier<CompletableFuture<ByteString>> read;
  private final int ahead;

  /**
   * Reads that are under way at once. More than one only for an agent that answers the reads of a
   * stream in their order.
   */
  OutputTransfer(Supplier<CompletableFuture<ByteString>> read, int ahead) {
    this.read = read;
    this.ahead = ahead;
  }

  long to(OutputStream target) throws IOException, InterruptedException {
    ArrayDeque<CompletableFuture<ByteString>> reads = new ArrayDeque<>();
    long count = 0;
    try {
      while (true) {
        while (reads.size() < ahead) {
          reads.add(read.get());
        }
        ByteString piece = result(reads.remove());
        if (piece.isEmpty()) {
          return count;
        }
        piece.writeTo(target);
        count += piece.size();
      }
    } finally {
      reads.forEach(pending -> pending.cancel(false));
    }
  }

  private static ByteString result(CompletableFuture<ByteString> read) throws InterruptedException {
    try {
      return read.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
