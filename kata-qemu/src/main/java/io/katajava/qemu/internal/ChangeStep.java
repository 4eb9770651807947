package io.katajava.qemu.internal;

import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpCommand;
import io.katajava.qmp.QmpCommandException;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.event.AcpiDeviceOstEvent;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** One command of a change, and what undoes it. */
sealed interface ChangeStep {

  void run(QmpClient qmp, Duration timeout);

  /** What takes it back, or null if it cannot be taken back. */
  @Nullable ChangeStep undo();

  /**
   * A command that is answered when it is done.
   *
   * @param command the command
   * @param inverse what takes it back
   */
  record Command(QmpCommand<?> command, @Nullable ChangeStep inverse) implements ChangeStep {
    @Override
    public void run(QmpClient qmp, Duration timeout) {
      qmp.execute(command, timeout);
    }

    @Override
    public @Nullable ChangeStep undo() {
      return inverse;
    }

    @Override
    public String toString() {
      return command.commandName() + " " + command.toJson();
    }
  }

  /**
   * Unplugging, which needs the guest's consent and ends with an event.
   *
   * @param id the device
   * @param inverse what plugs it again, or null
   */
  record Unplug(String id, @Nullable ChangeStep inverse) implements ChangeStep {
    /** The request to eject that QEMU made (ACPI 6.5, table 6.15: source events of _OST). */
    private static final long EJECTION_REQUEST = 3;

    /** Ejection is in progress (ACPI 6.5, table 6.17). */
    private static final long IN_PROGRESS = 0x84;

    @Override
    public void run(QmpClient qmp, Duration timeout) {
      // Of vCPUs and memory the guest says no by ACPI alone; QEMU makes no other event of it.
      CompletableFuture<AcpiDeviceOstEvent> refusal =
          qmp.awaitEvent(AcpiDeviceOstEvent.class, this::isRefusal, timeout);
      CompletableFuture<?> gone = qmp.unplug(id, timeout);
      try {
        CompletableFuture.anyOf(
                gone, refusal.handle((event, none) -> refused(event, gone)).thenCompose(f -> f))
            .get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new QmpInterruptedException("the guest to release device " + id, e);
      } catch (ExecutionException e) {
        if (isGone(e.getCause())) {
          return;
        }
        if (e.getCause() instanceof QmpException failed) {
          throw failed;
        }
        throw new QmpException("device_del of " + id + ": " + e.getCause(), e);
      } finally {
        refusal.cancel(false);
        gone.cancel(false);
      }
    }

    /** It has gone already: the guest consented after an earlier attempt had been given up. */
    private static boolean isGone(@Nullable Throwable failure) {
      return failure instanceof QmpCommandException refused
          && refused.errorClass().equals("DeviceNotFound");
    }

    private boolean isRefusal(AcpiDeviceOstEvent event) {
      return id.equals(event.info().device())
          && event.info().source() == EJECTION_REQUEST
          && event.info().status() != 0
          && event.info().status() != IN_PROGRESS;
    }

    private CompletableFuture<?> refused(
        @Nullable AcpiDeviceOstEvent event, CompletableFuture<?> gone) {
      return event == null
          ? gone
          : CompletableFuture.failedFuture(
              new QmpException(
                  "the guest keeps device '"
                      + id
                      + "': it answered the request to eject it with ACPI status 0x"
                      + Long.toHexString(event.info().status()),
                  null));
    }

    @Override
    public @Nullable ChangeStep undo() {
      return inverse;
    }

    @Override
    public String toString() {
      return "device_del {\"id\":\"" + id + "\"}, then DEVICE_DELETED";
    }
  }
}
