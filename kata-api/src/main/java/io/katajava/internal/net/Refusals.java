package io.katajava.internal.net;

import io.katajava.SandboxEvent;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells about refused attempts, each destination at most once a second and not more than {@value
 * #BURST} a second in all: a guest must not be able to flood whoever listens. What was not told is
 * counted in the next event.
 */
final class Refusals {
  static final int BURST = 50;

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private record Attempt(String protocol, String destination, int port) {}

  private final Consumer<SandboxEvent> events;
  private final NetworkLimits limits;
  private final Map<Attempt, Long> told = new LinkedHashMap<>();
  private long second = System.nanoTime();
  private int count;
  private long untold;

  Refusals(Consumer<SandboxEvent> events, NetworkLimits limits) {
    this.events = events;
    this.limits = limits;
  }

  /** Something was not allowed by an egress policy. */
  void refused(String protocol, Ip address, int port, EgressCheck.Decision decision) {
    refused(protocol, address.toString(), port, decision.name(), decision.reason());
  }

  void refused(
      String protocol, String destination, int port, @Nullable String name, String reason) {
    limits.refusedByPolicy();
    long now = System.nanoTime();
    if (now - second > SECOND) {
      second = now;
      count = 0;
      told.clear();
    }
    if (count >= BURST || told.put(new Attempt(protocol, destination, port), now) != null) {
      untold++;
      return;
    }
    count++;
    events.accept(
        new SandboxEvent.EgressRefused(
            Instant.now(), protocol, destination, port, Optional.ofNullable(name), reason, untold));
    untold = 0;
  }
}
