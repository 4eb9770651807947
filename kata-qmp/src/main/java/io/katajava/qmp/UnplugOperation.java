package io.katajava.qmp;

import io.katajava.qmp.command.DeviceDel;
import io.katajava.qmp.event.DeviceDeletedEvent;
import io.katajava.qmp.event.DeviceUnplugGuestErrorEvent;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** device_del only asks the guest; an event tells what became of it. */
final class UnplugOperation {
  private final QmpEngine engine;
  private final String device;

  UnplugOperation(QmpEngine engine, String device) {
    this.engine = engine;
    this.device = device;
  }

  CompletableFuture<DeviceDeletedEvent> start(DeviceDel command, Duration timeout) {
    String what = "that device " + device + " is unplugged";
    EventQueue<QmpEvent> queue =
        engine.subscribe(
            what,
            EventQueue.wanted(Set.of(DeviceDeletedEvent.NAME, DeviceUnplugGuestErrorEvent.NAME)),
            this::concerns);
    CompletableFuture<QmpEvent> outcome = engine.await(queue, what, timeout);
    engine
        .executeAsync(command, timeout)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                outcome.completeExceptionally(failure);
              }
            });
    return outcome.thenApply(
        event -> {
          if (event instanceof DeviceDeletedEvent deleted) {
            return deleted;
          }
          throw new QmpOperationException(
              "the guest refused to release device " + device + "; it may be in use there", null);
        });
  }

  private boolean concerns(QmpEvent event) {
    return (event instanceof DeviceDeletedEvent deleted && device.equals(deleted.device()))
        || (event instanceof DeviceUnplugGuestErrorEvent error && device.equals(error.device()));
  }
}
