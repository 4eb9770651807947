package io.katajava.internal.sandbox;

import io.katajava.LimitAction;
import io.katajava.SandboxEvent;
import io.katajava.SandboxEvent.LimitKind;
import io.katajava.SandboxLife;
import io.katajava.internal.link.GuestSession;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Keeps the limits of a sandbox's life, as long as this JVM has it. */
final class LifeLimits {
  private static final Duration STOP_GRACE = Duration.ofSeconds(10);
  private static final Duration SHORTEST_WAIT = Duration.ofMillis(10);

  private final GuestSession session;
  private final Activity activity;
  private final SandboxEvents events;
  private final Consumer<Duration> stop;
  private final SandboxLife life;
  private long eventsFor = -1;
  private boolean closed;
  private @Nullable Future<?> lifetimeAlarm;
  private @Nullable Future<?> idleAlarm;

  /**
   * Those of one sandbox.
   *
   * @param stop ends it, within a grace
   */
  LifeLimits(
      GuestSession session,
      SandboxLife life,
      Activity activity,
      SandboxEvents events,
      Consumer<Duration> stop) {
    this.session = session;
    this.activity = activity;
    this.events = events;
    this.stop = stop;
    this.life = life;
  }

  /** Begins to count. */
  synchronized void begin(Instant started) {
    life.lifetime()
        .ifPresent(
            limit ->
                lifetimeAlarm =
                    session
                        .workers()
                        .after(
                            atLeast(limit.after().minus(Duration.between(started, Instant.now()))),
                            () -> reached(LimitKind.LIFETIME, limit)));
    life.idle().ifPresent(limit -> watchIdle(limit, limit.after()));
  }

  private void watchIdle(SandboxLife.Limit limit, Duration after) {
    idleAlarm = session.workers().after(atLeast(after), () -> lookAtIdle(limit));
  }

  private synchronized void lookAtIdle(SandboxLife.Limit limit) {
    if (closed) {
      return;
    }
    Duration idle = activity.idle();
    Duration left = limit.after().minus(idle);
    long commands = activity.begun();
    if (!left.isNegative() && !left.isZero()) {
      watchIdle(limit, left);
      return;
    }
    if (eventsFor != commands) {
      eventsFor = commands;
      reached(LimitKind.IDLE, limit);
    }
    if (limit.action() == LimitAction.EVENT) {
      watchIdle(limit, limit.after());
    }
  }

  private void reached(LimitKind kind, SandboxLife.Limit limit) {
    events.emit(new SandboxEvent.LimitReached(Instant.now(), kind, limit.after(), limit.action()));
    if (limit.action() == LimitAction.STOP) {
      session.workers().executor().execute(this::stop);
    }
  }

  /** Nobody waits for it: what it fails with is told in the log. */
  private void stop() {
    try {
      stop.accept(STOP_GRACE);
    } catch (RuntimeException | Error e) {
      LoggerFactory.getLogger(LifeLimits.class)
          .warn(
              "[{}] the sandbox reached a limit of its life, and ending it failed: {}",
              session.id(),
              e.toString());
    }
  }

  private static Duration atLeast(Duration wait) {
    return wait.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : wait;
  }

  /** Nothing is counted any more. */
  synchronized void close() {
    closed = true;
    for (Future<?> alarm : new @Nullable Future<?>[] {lifetimeAlarm, idleAlarm}) {
      if (alarm != null) {
        alarm.cancel(false);
      }
    }
  }
}
