package io.katajava.wait;

import io.katajava.ContainerLog;
import io.katajava.ContainerLog.Line;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** Waits for lines of the container's log. */
record LogWait(Predicate<Line> wanted, String what, int times) implements WaitStrategy {
  LogWait {
    if (times < 1) {
      throw new IllegalArgumentException(
          "the number of lines to wait for must be at least 1, got " + times);
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    ContainerLog log = waiting.container().log();
    Count count = new Count();
    waiting.missing("no such line has been written yet");
    ContainerLog.Following following = log.followOpen(count::take, () -> {});
    try {
      waiting.await(count.enough);
    } catch (ContainerNotReadyException e) {
      // The last line may have come with the end, and not yet to the follower.
      if (e.outcome().isEmpty() || log.lines().stream().filter(wanted).count() < times) {
        throw e;
      }
    } finally {
      following.close();
    }
  }

  /** How many lines were as wanted; one that is seen while it grows counts once. */
  private final class Count {
    private final CompletableFuture<Integer> enough = new CompletableFuture<>();
    private final Set<ContainerLog.Stream> counted = EnumSet.noneOf(ContainerLog.Stream.class);
    private int seen;

    private void take(Line line) {
      try {
        if (!counted.contains(line.stream()) && wanted.test(line)) {
          counted.add(line.stream());
          seen++;
          if (seen == times) {
            enough.complete(times);
          }
        }
        if (line.end() != ContainerLog.End.OPEN) {
          counted.remove(line.stream());
        }
      } catch (RuntimeException e) {
        enough.completeExceptionally(e);
      }
    }
  }

  @Override
  public String describe() {
    return times == 1 ? what : what + ", " + times + " times";
  }
}
