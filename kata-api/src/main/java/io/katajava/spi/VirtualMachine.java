package io.katajava.spi;

import io.katajava.KataException;
import io.katajava.agent.AgentAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A running machine. */
public interface VirtualMachine extends AutoCloseable {

  /**
   * Where the guest's agent is reached. The address can be connected to at once, even while the
   * guest boots: the transport holds the first bytes until the agent opens its end.
   *
   * @return the address on the host
   */
  AgentAddress agent();

  /**
   * The hypervisor's process id.
   *
   * @return the pid on the host
   */
  long pid();

  /**
   * Completes when the hypervisor's process has ended and is reaped, however it ended. Never
   * completes exceptionally.
   *
   * @return how it ended
   */
  CompletableFuture<VmExit> onExit();

  /**
   * What is known about the machine now, for a failure's report.
   *
   * @return command line, exit status if there is one, tails of stderr and console
   */
  VmEvidence evidence();

  /**
   * Plugs a read-only disk into the running machine. It stays until the machine ends.
   *
   * @param disk its name and its file
   * @param timeout the longest wait for the hypervisor
   * @return where the guest sees it, as the agent's driver {@code blk} names a device: the PCI
   *     slots on the way from the root bus in hexadecimal digits, for example {@code 03/00}
   * @throws KataException with {@link io.katajava.ErrorCode#HOST_UNSUITABLE} when the machine
   *     cannot have it, and why
   */
  default String plugDisk(Rootfs.Disk disk, Duration timeout) {
    throw new KataException(
        io.katajava.ErrorCode.HOST_UNSUITABLE, "this hypervisor plugs no disks: " + disk.image());
  }

  /**
   * Tells whether the hypervisor can be trusted: nothing but this library controls it.
   *
   * @return false when an extra monitor is open
   */
  boolean isTrusted();

  /**
   * Ends the machine: asks the hypervisor to quit, then terminates, then kills it. Returns when the
   * process is reaped. The guest is not asked; whoever wants that asks its agent before.
   *
   * @param grace how long the polite steps may take together
   */
  void stop(Duration grace);

  /**
   * Lets go of a machine that was launched as detached: connections and threads of this JVM end,
   * the machine goes on. The handle is of no use afterwards; {@link #onExit()} may never complete.
   * Default: refused.
   *
   * @throws UnsupportedOperationException when it was not launched as detached
   */
  default void detach() {
    throw new UnsupportedOperationException("this machine ends with its JVM");
  }

  /**
   * Kills what still runs, reaps it, and removes its sockets. Idempotent; returns when that is
   * done.
   */
  @Override
  void close();
}
