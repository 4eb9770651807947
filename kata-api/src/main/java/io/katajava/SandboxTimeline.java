package io.katajava;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The phases of one start: when each began, counted from the start's begin, and how long it took.
 *
 * @param begin when the start began, by the wall clock
 * @param spans the phases in the order they began
 */
public record SandboxTimeline(Instant begin, List<Span> spans) {

  /** Copies the spans. */
  public SandboxTimeline {
    spans = List.copyOf(spans);
  }

  /**
   * One phase.
   *
   * @param phase which
   * @param offset when it began, after {@link SandboxTimeline#begin()}
   * @param duration how long it took; up to now when it has not ended
   * @param ended whether it has ended
   */
  public record Span(StartPhase phase, Duration offset, Duration duration, boolean ended) {}

  /**
   * One phase's span.
   *
   * @param phase the phase
   * @return its span, if the start got that far
   */
  public Optional<Span> span(StartPhase phase) {
    return spans.stream().filter(span -> span.phase() == phase).findFirst();
  }

  /**
   * From the begin to the end of the last phase.
   *
   * @return the whole time
   */
  public Duration total() {
    return spans.stream()
        .map(span -> span.offset().plus(span.duration()))
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /**
   * A table for people: phase, begin, duration in milliseconds, one line each.
   *
   * @return several lines, each ended
   */
  public String toTable() {
    StringBuilder table = new StringBuilder();
    table.append(String.format(Locale.ROOT, "%-14s %10s %10s%n", "phase", "at ms", "took ms"));
    for (Span span : spans) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-14s %10.1f %10.1f%s%n",
              span.phase().label(),
              span.offset().toNanos() / 1e6,
              span.duration().toNanos() / 1e6,
              span.ended() ? "" : "  (not ended)"));
    }
    table.append(
        String.format(Locale.ROOT, "%-14s %10s %10.1f%n", "total", "", total().toNanos() / 1e6));
    return table.toString();
  }
}
