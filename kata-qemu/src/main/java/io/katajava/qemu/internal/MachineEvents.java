package io.katajava.qemu.internal;

import io.katajava.MemorySize;
import io.katajava.qemu.VmEvent;
import io.katajava.qemu.VmEvents;
import io.katajava.qmp.EventQueue;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpEvent;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpTimeoutException;
import io.katajava.qmp.event.BalloonChangeEvent;
import io.katajava.qmp.event.BlockIoErrorEvent;
import io.katajava.qmp.event.DeviceDeletedEvent;
import io.katajava.qmp.event.GuestPanickedEvent;
import io.katajava.qmp.event.MemoryDeviceSizeChangeEvent;
import io.katajava.qmp.event.PowerdownEvent;
import io.katajava.qmp.event.ResetEvent;
import io.katajava.qmp.event.ResumeEvent;
import io.katajava.qmp.event.ShutdownEvent;
import io.katajava.qmp.event.StopEvent;
import io.katajava.qmp.event.VserportChangeEvent;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** QMP's events as the machine's. */
final class MachineEvents implements VmEvents {
  private final String sandboxId;
  private final EventQueue<QmpEvent> queue;

  MachineEvents(String sandboxId, QmpClient qmp) {
    this.sandboxId = sandboxId;
    this.queue =
        qmp.subscribeTo(
            StopEvent.NAME,
            ResumeEvent.NAME,
            ResetEvent.NAME,
            PowerdownEvent.NAME,
            ShutdownEvent.NAME,
            GuestPanickedEvent.NAME,
            DeviceDeletedEvent.NAME,
            BalloonChangeEvent.NAME,
            MemoryDeviceSizeChangeEvent.NAME,
            BlockIoErrorEvent.NAME,
            VserportChangeEvent.NAME);
  }

  @Override
  public Optional<VmEvent> take(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      while (true) {
        Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
        VmEvent event = of(queue.take(left));
        if (event != null) {
          return Optional.of(event);
        }
      }
    } catch (QmpTimeoutException | QmpClosedException e) {
      return Optional.empty();
    } catch (QmpException e) {
      throw MonitorFailure.of(sandboxId, "wait for an event of the machine", e);
    }
  }

  static @Nullable VmEvent of(QmpEvent event) {
    if (event instanceof StopEvent) {
      return new VmEvent.Paused(event.timestamp());
    } else if (event instanceof ResumeEvent) {
      return new VmEvent.Resumed(event.timestamp());
    } else if (event instanceof ResetEvent reset) {
      return new VmEvent.Reset(reset.timestamp(), reset.guest(), reset.reason().value());
    } else if (event instanceof PowerdownEvent) {
      return new VmEvent.PowerButton(event.timestamp());
    } else if (event instanceof ShutdownEvent shutdown) {
      return new VmEvent.Shutdown(
          shutdown.timestamp(), shutdown.guest(), shutdown.reason().value());
    } else if (event instanceof GuestPanickedEvent) {
      return new VmEvent.GuestPanicked(event.timestamp());
    } else if (event instanceof BalloonChangeEvent balloon) {
      return new VmEvent.BalloonChanged(
          balloon.timestamp(), MemorySize.bytes(Math.max(0, balloon.actual())));
    } else if (event instanceof MemoryDeviceSizeChangeEvent memory) {
      return new VmEvent.MemoryResized(
          memory.timestamp(), MemorySize.bytes(Math.max(0, memory.size())));
    } else if (event instanceof BlockIoErrorEvent error) {
      return new VmEvent.DiskError(error.timestamp(), error.device(), error.reason());
    } else if (event instanceof VserportChangeEvent port) {
      return new VmEvent.PortChanged(port.timestamp(), port.id(), port.open());
    } else if (event instanceof DeviceDeletedEvent deleted && deleted.device() != null) {
      return new VmEvent.DeviceRemoved(deleted.timestamp(), deleted.device());
    }
    // Of a device that never had an id, only its parts are told; nobody asked for those.
    return null;
  }

  @Override
  public void close() {
    queue.close();
  }
}
