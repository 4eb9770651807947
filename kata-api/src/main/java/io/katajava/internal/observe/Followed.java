package io.katajava.internal.observe;

import io.katajava.agent.AgentObserver;
import io.katajava.spi.Observation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An operation somebody follows: an observer, the flight recorder, or both. */
final class Followed implements AgentObserver.Call {
  private static final Logger log = LoggerFactory.getLogger(Followed.class);

  private final @Nullable FlightEvent event;
  private final @Nullable Observation observation;

  Followed(@Nullable FlightEvent event, @Nullable Observation observation) {
    this.event = event;
    this.observation = observation;
  }

  @Nullable Observation observation() {
    return observation;
  }

  @Override
  public @Nullable String traceparent() {
    try {
      return observation == null ? null : observation.traceparent();
    } catch (RuntimeException | LinkageError e) {
      complain(e);
      return null;
    }
  }

  void detail(String key, String value) {
    if (event != null) {
      event.detail(key, value);
    }
    if (observation != null) {
      try {
        observation.detail(key, value);
      } catch (RuntimeException | LinkageError e) {
        complain(e);
      }
    }
  }

  void end(@Nullable Throwable failure) {
    if (event != null) {
      event.end(failure);
    }
    if (observation != null) {
      try {
        observation.end(failure);
      } catch (RuntimeException | LinkageError e) {
        complain(e);
      }
    }
  }

  static void complain(Throwable e) {
    log.warn("an observer failed; the operation that it observed goes on", e);
  }

  static void leftOut(String observer, LinkageError e) {
    log.warn(
        "the observer {} is left out: a class it needs is missing or does not fit: {}",
        observer,
        e.toString());
  }
}
