package io.katajava.qmp;

import io.katajava.qmp.command.MigrateCancel;
import io.katajava.qmp.command.MigrateSetCapabilities;
import io.katajava.qmp.command.QueryMigrate;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.event.MigrationEvent;
import io.katajava.qmp.type.MigrationCapability;
import io.katajava.qmp.type.MigrationCapabilityStatus;
import io.katajava.qmp.type.MigrationInfo;
import io.katajava.qmp.type.MigrationStatus;
import io.katajava.qmp.type.RunState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** The commands return at once; MIGRATION events, when switched on, tell how it goes. */
final class MigrationOperation {
  private static final Set<MigrationStatus> ENDS =
      Set.of(MigrationStatus.COMPLETED, MigrationStatus.FAILED, MigrationStatus.CANCELLED);

  private static final Duration FIRST_LOOK = Duration.ofMillis(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(20);

  private final QmpEngine engine;
  private final boolean outgoing;

  MigrationOperation(QmpEngine engine, boolean outgoing) {
    this.engine = engine;
    this.outgoing = outgoing;
  }

  CompletableFuture<MigrationInfo> start(QmpCommand<?> command, Duration timeout) {
    long deadline = QmpEngine.deadline(timeout);
    EventQueue<MigrationEvent> queue =
        engine.subscribe(
            "that the migration ends",
            EventQueue.wanted(MigrationEvent.class),
            event -> ENDS.contains(event.status()));
    CompletableFuture<MigrationEvent> outcome =
        engine.await(queue, "that the migration ends", timeout);
    engine
        .executeAsync(events(), timeout)
        .thenCompose(done -> engine.executeAsync(command, left(deadline)))
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                outcome.completeExceptionally(unwrapped(failure));
              }
            });
    outcome.whenComplete(
        (event, failure) -> {
          if (failure instanceof QmpTimeoutException && outgoing) {
            engine.executeAsync(new MigrateCancel(), engine.options().callTimeout());
          }
        });
    return outcome
        .thenCompose(event -> settled(FIRST_LOOK, deadline).thenApply(done -> event))
        .thenCompose(
            event ->
                engine
                    .executeAsync(new QueryMigrate(), left(deadline))
                    .thenApply(info -> result(event, info)));
  }

  /**
   * QEMU says how an outgoing migration ended before it leaves the run state finish-migrate, and
   * until then it refuses {@code cont}. No event tells of that step, so the state is asked for.
   */
  private CompletableFuture<Void> settled(Duration pause, long deadline) {
    if (!outgoing) {
      return CompletableFuture.completedFuture(null);
    }
    return engine
        .executeAsync(new QueryStatus(), left(deadline))
        .thenCompose(
            status ->
                status.status().equals(RunState.FINISH_MIGRATE)
                    ? engine.after(pause).thenCompose(done -> settled(longer(pause), deadline))
                    : CompletableFuture.completedFuture(null));
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  private MigrationInfo result(MigrationEvent event, MigrationInfo info) {
    if (event.status().equals(MigrationStatus.COMPLETED)) {
      return info;
    }
    throw new QmpOperationException(
        (outgoing ? "the migration " : "the incoming migration ")
            + event.status()
            + (info.errorDesc() == null ? "" : ": " + info.errorDesc()),
        null);
  }

  private static MigrateSetCapabilities events() {
    return new MigrateSetCapabilities(
        List.of(new MigrationCapabilityStatus(MigrationCapability.EVENTS, true)));
  }

  private static Duration left(long deadline) {
    return Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
  }

  static Throwable unwrapped(Throwable failure) {
    return failure instanceof java.util.concurrent.CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
