package io.katajava.internal.observe;

import io.katajava.KataMetrics;
import io.katajava.spi.KataObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How one runtime is watched. */
public final class Telemetry {
  private final Figures figures;
  private final @Nullable KataObserver observer;

  /**
   * Begins.
   *
   * @param observers who follows what the runtime does
   * @param open how many sandboxes are open
   */
  public Telemetry(List<KataObserver> observers, LongSupplier open) {
    this.figures = new Figures(open);
    this.observer =
        switch (observers.size()) {
          case 0 -> null;
          case 1 -> new GuardedObserver(observers.get(0));
          default -> new SeveralObservers(observers);
        };
  }

  /**
   * The figures.
   *
   * @return live
   */
  public KataMetrics metrics() {
    return figures;
  }

  /**
   * Watches one sandbox.
   *
   * @param id its id
   * @return from its start to its end
   */
  public SandboxWatch sandbox(String id) {
    return new SandboxWatch(this, id);
  }

  Figures figures() {
    return figures;
  }

  /**
   * Lets a task on another thread know what is current here.
   *
   * @param task what will run
   * @return what is to run instead
   */
  public Runnable carrying(Runnable task) {
    return observer == null ? task : observer.carrying(task);
  }

  /** Whether tasks on other threads are to be changed at all. */
  boolean carries() {
    return observer != null;
  }

  /** Null when nobody follows. */
  @Nullable Followed begin(
      Operation.Kind kind,
      String name,
      String subject,
      String sandboxId,
      @Nullable Observation parent) {
    FlightEvent event = FlightRecording.begin(kind, name, subject, sandboxId);
    Observation observation =
        observer == null
            ? null
            : observer.begin(new Operation(kind, name, subject, sandboxId), parent);
    return event == null && observation == null ? null : new Followed(event, observation);
  }
}
