package io.katajava.wait;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * Asks on a thread of its own, so that whoever waits for the answer need not if it does not come.
 */
final class Asking {
  private Asking() {}

  static <T> CompletableFuture<T> on(Waiting waiting, Callable<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                answer.complete(question.call());
              } catch (Exception | Error e) {
                answer.completeExceptionally(e);
              }
            },
            "kata-wait-" + waiting.container().name());
    thread.setDaemon(true);
    thread.start();
    return answer;
  }
}
