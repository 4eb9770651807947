package io.katajava.agent.testing;

import java.io.IOException;

/** Stands in for an executable of the guest. Runs on a thread of its own. */
@FunctionalInterface
public interface FakeProgram {
  /**
   * Runs to the program's end. A signal that would end a real process interrupts the thread.
   *
   * @param process arguments and streams
   * @return the exit code
   * @throws IOException if a stream is closed; the exit code is 1 then
   * @throws InterruptedException when killed
   */
  int run(FakeProcess process) throws IOException, InterruptedException;
}
