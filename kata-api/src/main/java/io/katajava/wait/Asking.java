package io.katajava.wait;

import io.katajava.base.threads.OwnedThreads;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * Asks on a thread of its own, so that whoever waits for the answer need not if it does not come.
 */
final class Asking {
  private Asking() {}

  static <T> CompletableFuture<T> on(Waiting waiting, Callable<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    OwnedThreads.start(
        "kata-wait-" + waiting.container().name(),
        () -> {
          try {
            answer.complete(question.call());
          } catch (Exception e) {
            answer.completeExceptionally(e);
          }
        },
        answer::completeExceptionally);
    return answer;
  }
}
