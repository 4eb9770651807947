package io.katajava.wait;

import io.katajava.ContainerLog;
import io.katajava.ContainerLog.Line;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** Waits for lines of the container's log. */
record LogWait(Predicate<Line> wanted, String what, int times) implements WaitStrategy {
  LogWait {
    if (times < 1) {
      throw new IllegalArgumentException("a line is waited for at least once, got " + times);
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    ContainerLog log = waiting.container().log();
    AtomicInteger seen = new AtomicInteger();
    CompletableFuture<Integer> enough = new CompletableFuture<>();
    waiting.missing("no such line yet");
    ContainerLog.Following following = log.follow(line -> take(line, seen, enough));
    try {
      waiting.await(enough);
    } catch (ContainerNotReadyException e) {
      // The last line may have come with the end, and not yet to the follower.
      if (e.outcome().isEmpty() || log.lines().stream().filter(wanted).count() < times) {
        throw e;
      }
    } finally {
      following.close();
    }
  }

  private void take(Line line, AtomicInteger seen, CompletableFuture<Integer> enough) {
    try {
      if (wanted.test(line) && seen.incrementAndGet() == times) {
        enough.complete(times);
      }
    } catch (RuntimeException e) {
      enough.completeExceptionally(e);
    }
  }

  @Override
  public String describe() {
    return times == 1 ? what : what + ", " + times + " times";
  }
}
