package io.katajava.qemu.internal;

import io.katajava.qemu.qmp.QmpClient;
import io.katajava.qemu.qmp.QmpCommand;
import io.katajava.qemu.qmp.QmpException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** One command of a change, and what undoes it. */
sealed interface Step {

  void run(QmpClient qmp, Duration timeout);

  /** What takes it back, or null if it cannot be taken back. */
  @Nullable Step undo();

  /**
   * A command that is answered when it is done.
   *
   * @param command the command
   * @param inverse what takes it back
   */
  record Command(QmpCommand<?> command, @Nullable Step inverse) implements Step {
    @Override
    public void run(QmpClient qmp, Duration timeout) {
      qmp.execute(command, timeout);
    }

    @Override
    public @Nullable Step undo() {
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
   */
  record Unplug(String id) implements Step {
    @Override
    public void run(QmpClient qmp, Duration timeout) {
      try {
        qmp.unplug(id, timeout).join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof QmpException refused) {
          throw refused;
        }
        throw e;
      }
    }

    @Override
    public @Nullable Step undo() {
      return null;
    }

    @Override
    public String toString() {
      return "device_del {\"id\":\"" + id + "\"}, then DEVICE_DELETED";
    }
  }
}
