package io.katajava.wait;

import io.katajava.ExecOutcome;
import java.util.concurrent.CompletableFuture;

/** Waits until the first process has ended well. */
record ExitWait() implements WaitStrategy {
  @Override
  public void waitUntilReady(Waiting waiting) {
    try {
      waiting.await(new CompletableFuture<Void>());
    } catch (ContainerNotReadyException e) {
      if (e.outcome().filter(new ExecOutcome.Exited(0)::equals).isEmpty()) {
        throw e;
      }
    }
  }

  @Override
  public String describe() {
    return "it to exit with 0";
  }
}
