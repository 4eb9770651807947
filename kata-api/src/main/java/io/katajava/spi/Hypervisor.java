package io.katajava.spi;

import io.katajava.Choice;
import io.katajava.KataException;
import java.util.List;

/**
 * Starts virtual machines. Implementations are immutable and safe for many threads; one instance
 * serves many machines.
 */
public interface Hypervisor {

  /**
   * The hypervisor's name, for example {@code qemu}.
   *
   * @return a short lower-case name
   */
  String name();

  /**
   * The sizes a machine gets when the sandbox does not ask for others.
   *
   * @return the defaults
   */
  VmSizes defaultSizes();

  /**
   * Launches a machine. Returns as soon as the machine runs and its control connection is
   * negotiated; the guest is still booting then. Records the phases {@code vm-process} and {@code
   * qmp} on the context, records the process in the ledger, and puts all sockets and files into the
   * context's state directory. When it throws, nothing it started is left.
   *
   * @param spec what to start
   * @param context where to put things and how long it may take
   * @return the running machine; its {@link VirtualMachine#close()} must be called
   * @throws KataException when the machine cannot be started; use {@link StartContext#failure} to
   *     make it
   * @throws InterruptedException when the calling thread is interrupted; nothing is left then
   *     either
   */
  VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException;

  /**
   * What {@link #launch} would decide for the user, and why (accelerator, binary, machine, user the
   * process runs as).
   *
   * @param spec what would be started
   * @return the choices
   */
  List<Choice> describe(VmSpec spec);

  /**
   * The command line {@link #launch} would run, one argument an element, secrets redacted.
   *
   * @param spec what would be started
   * @param stateDirectory the directory it would use
   * @return the arguments, the binary first
   */
  List<String> commandLine(VmSpec spec, java.nio.file.Path stateDirectory);
}
