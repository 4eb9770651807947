package io.katajava.wait;

import io.katajava.base.threads.OwnedThreads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** Waits for whichever is first. */
record AnyWait(List<WaitStrategy> strategies) implements WaitStrategy {
  /** How long a strategy may take to see that its wait is over. */
  private static final int GRACE_MILLIS = 5000;

  private static final Duration LONGEST = Duration.ofDays(1);

  AnyWait {
    if (strategies.isEmpty()) {
      throw new IllegalArgumentException("a combined wait needs at least one condition");
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    CompletableFuture<WaitStrategy> first = new CompletableFuture<>();
    AtomicInteger left = new AtomicInteger(strategies.size());
    List<Thread> threads = new ArrayList<>();
    for (WaitStrategy strategy : strategies) {
      threads.add(
          OwnedThreads.make(
              "kata-wait-" + waiting.container().name(),
              () -> {
                try {
                  strategy.waitUntilReady(waiting);
                  first.complete(strategy);
                } catch (RuntimeException e) {
                  if (left.decrementAndGet() == 0) {
                    first.completeExceptionally(e);
                  }
                }
              },
              // An Error is no answer that another strategy could outweigh.
              first::completeExceptionally));
    }
    threads.forEach(Thread::start);
    try {
      // Each strategy has its own end: a limit that it was given may be longer than the default.
      waiting.within(LONGEST).await(first);
    } catch (ContainerNotReadyException e) {
      // A strategy may have seen what it waits for at the very end.
      join(threads);
      if (first.isCompletedExceptionally() || !first.isDone()) {
        throw e;
      }
    } finally {
      threads.forEach(Thread::interrupt);
      join(threads);
    }
  }

  private static void join(List<Thread> threads) {
    try {
      for (Thread thread : threads) {
        thread.join(GRACE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public WaitStrategy atPort(int guestPort) {
    return new AnyWait(strategies.stream().map(one -> one.atPort(guestPort)).toList());
  }

  @Override
  public String describe() {
    return strategies.stream().map(WaitStrategy::describe).collect(Collectors.joining(" or "));
  }
}
