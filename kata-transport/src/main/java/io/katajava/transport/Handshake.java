package io.katajava.transport;

import io.katajava.base.threads.OwnedThreads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Bounds blocking reads and writes that precede the use of a connection. */
final class Handshake {

  /** A blocking exchange on a connection. */
  @FunctionalInterface
  interface Exchange<T> {
    T run() throws IOException;
  }

  private Handshake() {}

  /**
   * Runs the exchange on a thread of its own, so that the caller stays interruptible. If it does
   * not succeed, the connection is closed and the thread has ended.
   */
  static <T> T run(Connection connection, Duration timeout, Exchange<T> exchange)
      throws IOException {
    CompletableFuture<T> result = new CompletableFuture<>();
    boolean done = false;
    try {
      OwnedThreads.start(
          "handshake-" + connection.describe(),
          () -> {
            try {
              result.complete(exchange.run());
            } catch (IOException e) {
              result.completeExceptionally(e);
            }
          },
          result::completeExceptionally);
      T value = result.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      done = true;
      return value;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(String.valueOf(cause.getMessage()), cause);
    } catch (TimeoutException e) {
      throw new SocketTimeoutException("no answer within " + timeout.toMillis() + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } finally {
      if (!done) {
        connection.close();
      }
    }
  }
}
