package io.katajava.wait;

import io.katajava.ErrorCode;
import io.katajava.Healthcheck;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import java.time.Duration;

/** Waits until a container's health check succeeds, or Docker would call it unhealthy. */
record HealthcheckWait() implements WaitStrategy {
  /** No image has to be waited for longer. */
  private static final Duration LONGEST = Duration.ofDays(1);

  /** For what a run takes beyond its timeout, until it is known to have ended. */
  private static final Duration SLACK = Duration.ofSeconds(30);

  @Override
  public void waitUntilReady(Waiting waiting) {
    Healthcheck check =
        waiting
            .container()
            .healthcheck()
            .orElseThrow(
                () ->
                    new KataException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "container "
                            + waiting.container().name()
                            + " cannot be waited for by its health check: it has none",
                        Details.none()
                            .withSandbox(waiting.container().sandbox().id())
                            .withRemedy("Set healthcheck(...), or wait for something else")));
    Duration patience = patience(check);
    long begin = System.nanoTime();
    boolean[] asked = {false};
    Waiting all = waiting.within(patience.plus(check.timeout()).plus(SLACK));
    all.poll(
        () -> {
          if (asked[0] && System.nanoTime() - begin >= patience.toNanos()) {
            throw all.unhealthy(
                "its health check has not succeeded within "
                    + patience.toMillis()
                    + " ms ("
                    + check.retries()
                    + " times "
                    + check.interval().toMillis()
                    + " ms after a start period of "
                    + check.startPeriod().toMillis()
                    + " ms)");
          }
          asked[0] = true;
          return CommandProbe.succeeds(all, check.command(), check.timeout());
        });
  }

  /** When Docker has seen enough failures at the earliest. */
  private static Duration patience(Healthcheck check) {
    double seconds =
        check.startPeriod().toMillis() / 1e3
            + check.retries() * (check.interval().toMillis() / 1e3);
    return seconds >= LONGEST.toSeconds() ? LONGEST : Duration.ofMillis((long) (seconds * 1e3));
  }

  @Override
  public String describe() {
    return "its health check to succeed";
  }
}
