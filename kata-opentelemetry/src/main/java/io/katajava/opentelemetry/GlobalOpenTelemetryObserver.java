package io.katajava.opentelemetry;

import io.katajava.spi.KataObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import io.opentelemetry.api.GlobalOpenTelemetry;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans with the global OpenTelemetry, once there is one. Found with {@link
 * java.util.ServiceLoader}; not for programs.
 */
public final class GlobalOpenTelemetryObserver implements KataObserver {
  private volatile @Nullable OpenTelemetryObserver known;

  /** For {@link java.util.ServiceLoader}. */
  public GlobalOpenTelemetryObserver() {}

  @Override
  public @Nullable Observation begin(Operation operation, @Nullable Observation parent) {
    OpenTelemetryObserver observer = observer();
    return observer == null ? null : observer.begin(operation, parent);
  }

  @Override
  public Runnable carrying(Runnable task) {
    OpenTelemetryObserver observer = observer();
    return observer == null ? task : observer.carrying(task);
  }

  /** Asking for one that was not set would set it, to one that does nothing. */
  private @Nullable OpenTelemetryObserver observer() {
    OpenTelemetryObserver observer = known;
    if (observer == null && GlobalOpenTelemetry.isSet()) {
      observer = OpenTelemetryObserver.of(GlobalOpenTelemetry.get());
      known = observer;
    }
    return observer;
  }
}
