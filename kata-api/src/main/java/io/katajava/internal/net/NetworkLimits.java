package io.katajava.internal.net;

import io.katajava.NetworkStatistics;
import io.katajava.SandboxEvent;
import io.katajava.SandboxEvent.NetworkLimit;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a network counts, and what it tells when a limit is reached: each limit at most once a
 * second. Counted by the network's thread, read by any.
 */
final class NetworkLimits {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** What was told of one limit. */
  private static final class Told {
    private long at;
    private long untold;
    private boolean ever;
  }

  private final Consumer<SandboxEvent> events;
  private final Map<NetworkLimit, Told> told = new EnumMap<>(NetworkLimit.class);
  private final AtomicLong refusedByPolicy = new AtomicLong();
  private final AtomicLong refusedByLimit = new AtomicLong();
  private final AtomicLong evicted = new AtomicLong();
  private final AtomicLong pauses = new AtomicLong();

  NetworkLimits(Consumer<SandboxEvent> events) {
    this.events = events;
  }

  void refusedByPolicy() {
    refusedByPolicy.incrementAndGet();
  }

  /** Something was refused because of a limit. */
  void reached(NetworkLimit limit, String what) {
    refusedByLimit.incrementAndGet();
    tell(limit, what);
  }

  /** A connection that was of no use was ended for another one. */
  void evicted() {
    evicted.incrementAndGet();
  }

  void acceptPaused(@Nullable String why) {
    pauses.incrementAndGet();
    tell(NetworkLimit.DESCRIPTORS, "accepting connections pauses for a while: " + why);
  }

  private void tell(NetworkLimit limit, String what) {
    Told before = told.computeIfAbsent(limit, key -> new Told());
    long now = System.nanoTime();
    if (before.ever && now - before.at < SECOND) {
      before.untold++;
      return;
    }
    events.accept(new SandboxEvent.NetworkLimitReached(Instant.now(), limit, what, before.untold));
    before.ever = true;
    before.at = now;
    before.untold = 0;
  }

  NetworkStatistics statistics(int connections, int halfOpen, int flows, SocketBudget.Share share) {
    return new NetworkStatistics(
        connections,
        halfOpen,
        flows,
        share.used(),
        share.limit(),
        refusedByPolicy.get(),
        refusedByLimit.get(),
        evicted.get(),
        pauses.get());
  }
}
