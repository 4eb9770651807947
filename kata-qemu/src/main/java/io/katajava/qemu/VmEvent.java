package io.katajava.qemu;

import io.katajava.MemorySize;
import java.time.Instant;

/** An event of a machine, as QEMU reports it. */
public sealed interface VmEvent {

  /**
   * When it happened, by the host's clock.
   *
   * @return the time
   */
  Instant at();

  /**
   * The vCPUs stand still ({@code STOP}).
   *
   * @param at when
   */
  record Paused(Instant at) implements VmEvent {}

  /**
   * The vCPUs run again ({@code RESUME}).
   *
   * @param at when
   */
  record Resumed(Instant at) implements VmEvent {}

  /**
   * The machine was reset ({@code RESET}).
   *
   * @param at when
   * @param byGuest whether the guest did it
   * @param reason QEMU's name of the cause
   */
  record Reset(Instant at, boolean byGuest, String reason) implements VmEvent {}

  /**
   * The power button was pressed ({@code POWERDOWN}).
   *
   * @param at when
   */
  record PowerButton(Instant at) implements VmEvent {}

  /**
   * The machine ends ({@code SHUTDOWN}).
   *
   * @param at when
   * @param byGuest whether the guest did it
   * @param reason QEMU's name of the cause, for example {@code guest-shutdown}
   */
  record Shutdown(Instant at, boolean byGuest, String reason) implements VmEvent {}

  /**
   * The guest's kernel panicked ({@code GUEST_PANICKED}). Only with a {@link
   * io.katajava.qemu.device.PanicNotifier}.
   *
   * @param at when
   */
  record GuestPanicked(Instant at) implements VmEvent {}

  /**
   * A device is gone ({@code DEVICE_DELETED}).
   *
   * @param at when
   * @param id its id
   */
  record DeviceRemoved(Instant at, String id) implements VmEvent {}

  /**
   * The balloon changed ({@code BALLOON_CHANGE}).
   *
   * @param at when
   * @param guestMemory what the guest has now
   */
  record BalloonChanged(Instant at, MemorySize guestMemory) implements VmEvent {}

  /**
   * Resizable memory changed ({@code MEMORY_DEVICE_SIZE_CHANGE}).
   *
   * @param at when
   * @param size what is plugged now beyond the start's memory
   */
  record MemoryResized(Instant at, MemorySize size) implements VmEvent {}

  /**
   * A disk could not be read or written ({@code BLOCK_IO_ERROR}).
   *
   * @param at when
   * @param device QEMU's name of the disk
   * @param reason what the host's system said
   */
  record DiskError(Instant at, String device, String reason) implements VmEvent {}

  /**
   * The guest opened or closed a virtio-serial port ({@code VSERPORT_CHANGE}).
   *
   * @param at when
   * @param id the port
   * @param open whether it is open now
   */
  record PortChanged(Instant at, String id, boolean open) implements VmEvent {}
}
