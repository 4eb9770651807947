package io.katajava.image.internal;

import io.katajava.Healthcheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code Healthcheck} of Docker's image configuration; the OCI specification does not have it. */
final class HealthcheckDocument {
  /** No image is to make anybody wait for longer. */
  private static final Duration LONGEST = Duration.ofDays(7);

  private static final int MOST_RETRIES = 1_000_000;

  private HealthcheckDocument() {}

  /** Empty when the image says nothing, or nothing that is understood. */
  static Optional<Healthcheck> read(ForeignJson config) {
    ForeignJson check = config.path("Healthcheck");
    List<String> test = OciDocuments.list(check.path("Test"));
    if (test.isEmpty()) {
      return Optional.empty();
    }
    List<String> command = new ArrayList<>();
    switch (test.get(0)) {
      case "NONE" -> {
        return Optional.of(Healthcheck.NONE);
      }
      case "CMD" -> command.addAll(test.subList(1, test.size()));
      case "CMD-SHELL" -> {
        List<String> shell = OciDocuments.list(config.path("Shell"));
        command.addAll(shell.isEmpty() ? List.of("/bin/sh", "-c") : shell);
        command.addAll(test.subList(1, test.size()));
      }
      default -> {
        return Optional.empty();
      }
    }
    if (test.size() < 2) {
      return Optional.empty();
    }
    long retries = check.path("Retries").number(0);
    return Optional.of(
        new Healthcheck(
            command,
            duration(check.path("Interval"), Healthcheck.DEFAULT_INTERVAL),
            duration(check.path("Timeout"), Healthcheck.DEFAULT_TIMEOUT),
            duration(check.path("StartPeriod"), Duration.ZERO),
            retries < 1 ? Healthcheck.DEFAULT_RETRIES : (int) Math.min(retries, MOST_RETRIES)));
  }

  /** Nanoseconds; 0 means the default. */
  private static Duration duration(ForeignJson node, Duration fallback) {
    long nanos = node.number(0);
    Duration duration = nanos <= 0 ? fallback : Duration.ofNanos(nanos);
    return duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
  }
}
