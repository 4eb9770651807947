package io.katajava.agent.ttrpc;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** The future of a call. Derived futures are plain ones. */
final class ReplyFuture extends CompletableFuture<ByteBuffer> {
  private volatile Runnable onCancel = () -> {};

  void onCancel(Runnable action) {
    onCancel = action;
    if (isCancelled()) {
      action.run();
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled) {
      onCancel.run();
    }
    return cancelled;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
