package io.katajava.spi;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.StartPhase;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The context that the engine gives to a hypervisor while it starts a machine. */
public interface StartContext {

  /**
   * The sandbox's id.
   *
   * @return a short id
   */
  String sandboxId();

  /**
   * The sandbox's own directory for sockets and small files: exists, mode 0700, removed by the
   * engine after {@link VirtualMachine#close()}.
   *
   * @return an absolute path, short enough for sockets in it
   */
  Path stateDirectory();

  /**
   * By when the start must be done.
   *
   * @return the deadline of the whole start
   */
  Deadline deadline();

  /**
   * Marks the begin of a phase; the phase before ends with it.
   *
   * @param phase the phase that begins now
   */
  void enter(StartPhase phase);

  /**
   * Who is to be told of the commands sent to the machine, during the start and after it.
   *
   * @return {@link CommandObserver#NONE} unless the engine gives one
   */
  default CommandObserver commands() {
    return CommandObserver.NONE;
  }

  /**
   * Writes a process into the ledger, so that a later runtime can end it by identity should this
   * one die. Call it right after the process was spawned.
   *
   * @param pid the process
   */
  void recordProcess(long pid);

  /**
   * Makes the exception for a failed start, with the phase, the timeline so far and the evidence.
   *
   * @param code what went wrong
   * @param message what was attempted, on what, and why it failed
   * @param remedy what to do, a sentence without the final stop, or null
   * @param evidence what is known of the machine
   * @param cause the reason, or null
   * @return the exception, to be thrown
   */
  KataException failure(
      ErrorCode code,
      String message,
      @Nullable String remedy,
      VmEvidence evidence,
      @Nullable Throwable cause);
}
