package io.katajava.qemu;

import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpException;
import io.katajava.spi.VirtualMachine;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A machine run by QEMU: everything that can be done to it while it runs. What {@link
 * QemuConfig#toHypervisor()} launches is one of these.
 *
 * <p>All methods may be called by any thread. They throw {@link KataException}, whose cause is the
 * {@link QmpException}, when QEMU or the guest refuses ({@link io.katajava.ErrorCode#VM_REFUSED}),
 * does not answer in time ({@link io.katajava.ErrorCode#VM_UNRESPONSIVE}) or has ended ({@link
 * io.katajava.ErrorCode#VM_EXITED}). {@link #monitor()} alone hands out what throws a {@link
 * QmpException} itself.
 */
public interface QemuVm extends VirtualMachine {

  /**
   * The control connection, for what has no method here. Belongs to the machine: do not close it.
   *
   * @return the client
   */
  QmpClient monitor();

  /**
   * Tells what a change would take, without changing anything.
   *
   * @param change the change
   * @return whether it can be done now, and why or why not
   */
  ChangePlan plan(LiveChange change);

  /**
   * Carries out a change. If a step fails, those before it are undone in reverse order.
   *
   * @param change the change
   * @param timeout the longest wait, for the guest's consent too where a device is unplugged
   * @throws IllegalStateException if {@link #plan} does not say {@link ChangePlan.Verdict#LIVE}
   * @throws KataException if QEMU or the guest refused; nothing has changed then
   */
  void apply(LiveChange change, Duration timeout);

  /** Stops the guest's vCPUs: {@code stop}. Nothing happens if they are stopped. */
  @Override
  void pause();

  /** Lets the guest's vCPUs run: {@code cont}. Nothing happens if they run. */
  @Override
  void resume();

  /**
   * Resets the machine: {@code system_reset}. The start's {@code -no-reboot} makes QEMU end instead
   * of booting again, so this is the hard way to end a guest.
   */
  void reset();

  /** Presses the power button: {@code system_powerdown}. What the guest makes of it is its own. */
  void powerDown();

  /**
   * What the machine is doing: {@code query-status}.
   *
   * @return QEMU's name of its run state, for example {@code running} or {@code paused}
   */
  String runState();

  /**
   * Asks the guest to keep only so much memory: {@code balloon}. It gives back what it can, when it
   * can; {@link VmEvent.BalloonChanged} tells. Needs a {@link io.katajava.qemu.device.Balloon}.
   *
   * @param target what the guest shall have
   */
  void balloon(MemorySize target);

  /**
   * How much memory the guest has now: {@code query-balloon}.
   *
   * @return its memory without the balloon
   */
  MemorySize balloon();

  /**
   * Writes what the screen shows: {@code screendump}, PPM. Needs a display device, which no sandbox
   * has unless {@link QemuConfig.Builder#extraArguments} adds one.
   *
   * @param file where to; QEMU must be able to write there
   */
  void screendump(Path file);

  /**
   * Writes the guest's memory as an ELF core: {@code dump-guest-memory}. The guest stands still
   * meanwhile.
   *
   * @param file where to; QEMU must be able to write there
   * @param timeout the longest wait
   */
  void dumpMemory(Path file, Duration timeout);

  /**
   * What QEMU's process and the guest's disks have used so far.
   *
   * @return a snapshot
   */
  QemuStatistics statistics();

  /**
   * Subscribes to what happens to the machine, from now on.
   *
   * @return the events, to be closed
   */
  VmEvents events();
}
