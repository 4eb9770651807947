package io.katajava.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** Moves an output stream of a process; several reads may be under way. */
final class OutputTransfer {
  private final Supplier<CompletableFuture<byte[]>> read;
  private final int ahead;

  /**
   * Reads that are under way at once. More than one only for an agent that answers the reads of a
   * stream in their order.
   */
  OutputTransfer(Supplier<CompletableFuture<byte[]>> read, int ahead) {
    this.read = read;
    this.ahead = ahead;
  }

  long to(OutputStream target) throws IOException, InterruptedException {
    ArrayDeque<CompletableFuture<byte[]>> reads = new ArrayDeque<>();
    long count = 0;
    try {
      while (true) {
        while (reads.size() < ahead) {
          reads.add(read.get());
        }
        byte[] piece = result(reads.remove());
        if (piece.length == 0) {
          return count;
        }
        target.write(piece);
        count += piece.length;
      }
    } finally {
      reads.forEach(pending -> pending.cancel(false));
    }
  }

  private static byte[] result(CompletableFuture<byte[]> read) throws InterruptedException {
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
