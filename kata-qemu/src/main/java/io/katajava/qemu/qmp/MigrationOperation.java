package io.katajava.qemu.qmp;

import io.katajava.qemu.qmp.command.MigrateCancel;
import io.katajava.qemu.qmp.command.MigrateSetCapabilities;
import io.katajava.qemu.qmp.command.QueryMigrate;
import io.katajava.qemu.qmp.event.MigrationEvent;
import io.katajava.qemu.qmp.type.MigrationCapability;
import io.katajava.qemu.qmp.type.MigrationCapabilityStatus;
import io.katajava.qemu.qmp.type.MigrationInfo;
import io.katajava.qemu.qmp.type.MigrationStatus;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** The commands return at once; MIGRATION events, when switched on, tell how it goes. */
final class MigrationOperation {
  private static final Set<MigrationStatus> ENDS =
      Set.of(MigrationStatus.COMPLETED, MigrationStatus.FAILED, MigrationStatus.CANCELLED);

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
    return outcome.thenCompose(
        event ->
            engine
                .executeAsync(new QueryMigrate(), left(deadline))
                .thenApply(info -> result(event, info)));
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
