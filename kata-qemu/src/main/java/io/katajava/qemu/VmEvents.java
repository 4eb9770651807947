package io.katajava.qemu;

import java.time.Duration;
import java.util.Optional;

/** A subscription to a machine's events, with a bounded queue of its own. */
public interface VmEvents extends AutoCloseable {

  /**
   * Takes the next event, waiting for it.
   *
   * @param timeout the longest wait, positive
   * @return the event; empty if none came in time, or if the machine has ended and nothing is left
   */
  Optional<VmEvent> take(Duration timeout);

  /** Ends the subscription. */
  @Override
  void close();
}
