package io.katajava.spi;

import io.katajava.Choice;
import io.katajava.KataException;
import io.katajava.agent.AgentAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
   * Tells somebody else, from now on, of the commands sent to the machine.
   *
   * @param observer is told of each; a machine that sends none ignores it
   */
  default void observe(CommandObserver observer) {}

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
        io.katajava.ErrorCode.HOST_UNSUITABLE,
        "this hypervisor cannot plug in a disk: " + disk.image());
  }

  /**
   * Shares a directory of the host with the guest, until the machine ends.
   *
   * @param share what and under which tag
   * @param timeout the longest wait for the hypervisor
   * @return where the guest sees the device, as {@link #plugDisk} says it
   * @throws KataException with {@link io.katajava.ErrorCode#HOST_UNSUITABLE} when it cannot be
   *     shared, and why
   */
  default String plugDirectory(DirectoryShare share, Duration timeout) {
    throw new KataException(
        io.katajava.ErrorCode.HOST_UNSUITABLE,
        "this hypervisor cannot share a directory: " + share.directory());
  }

  /**
   * Tells whether the hypervisor can be trusted: nothing but this library controls it.
   *
   * @return false when an extra monitor is open, or something else of {@link #openings}
   */
  boolean isTrusted();

  /**
   * What lets others than this library control the hypervisor.
   *
   * @return one entry each, as it is described; empty when nothing does, or when it is unknown
   */
  default List<Choice> openings() {
    return List.of();
  }

  /**
   * Stops the guest: nothing runs in it and its agent does not answer until {@link #resume}.
   * Nothing happens if it is stopped.
   *
   * @throws RuntimeException of the hypervisor's when it refuses or does not answer
   */
  default void pause() {
    throw new UnsupportedOperationException("this machine cannot be paused");
  }

  /**
   * Lets the guest run. Nothing happens if it runs.
   *
   * @throws RuntimeException of the hypervisor's when it refuses or does not answer
   */
  default void resume() {
    throw new UnsupportedOperationException("this machine cannot be paused");
  }

  /**
   * Why this machine cannot be saved now, if so: it has something that cannot be in two places.
   *
   * @return a clause; empty when it can
   */
  default Optional<String> obstacleToSave() {
    return Optional.of("its hypervisor cannot save machines");
  }

  /**
   * Writes the machine's state to a file, while the guest runs as long as that is possible.
   *
   * @param state the file: is made, for the owner alone; removed again on failure
   * @param goesOn whether the guest runs again afterwards; else it stays stopped
   * @param timeout the longest wait
   * @return how long the guest stood still, or zero when it does so still
   * @throws RuntimeException of the hypervisor's when it fails; the guest runs again then
   */
  default Duration save(Path state, boolean goesOn, Duration timeout) {
    throw new UnsupportedOperationException("this machine cannot be saved");
  }

  /**
   * What must be known of the machine to make others of its state: for {@link VmImage#hardware()}.
   *
   * @return the hypervisor's own words
   */
  default Map<String, String> hardware() {
    return Map.of();
  }

  /**
   * Plugs in what was asked for and the image did not have. The guest runs.
   *
   * @param timeout the longest wait
   * @return what the guest must find
   * @throws RuntimeException of the hypervisor's when something cannot be plugged
   */
  default PluggedHardware complete(Duration timeout) {
    return PluggedHardware.none();
  }

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
