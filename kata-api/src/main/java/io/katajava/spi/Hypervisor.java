package io.katajava.spi;

import io.katajava.Choice;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import java.util.List;
import java.util.Optional;

/**
 * A hypervisor, which starts virtual machines. Implementations are immutable and safe for many
 * threads; one instance serves many machines.
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
   * Whether machines can be launched as {@linkplain VmSpec#detached() detached} and attached to.
   * Default: they cannot.
   *
   * @return true when {@link #attach} and {@link VirtualMachine#detach()} work
   */
  default boolean isDetachable() {
    return false;
  }

  /**
   * Takes over a machine that was launched as {@linkplain VmSpec#detached() detached} and that no
   * JVM is attached to. The caller has made sure that the process is the one that was recorded.
   * Default: refused.
   *
   * @param spec what was launched
   * @param stateDirectory the sandbox's own directory
   * @param pid the process that was recorded
   * @param deadline by when it must be done
   * @return the machine
   * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} when this hypervisor cannot,
   *     {@link ErrorCode#VM_UNRESPONSIVE} when the machine does not answer, {@link
   *     ErrorCode#VM_EXITED} when it has ended
   * @throws InterruptedException if the thread was interrupted
   */
  default VirtualMachine attach(
      VmSpec spec, java.nio.file.Path stateDirectory, long pid, Deadline deadline)
      throws InterruptedException {
    throw new KataException(
        ErrorCode.INVALID_CONFIGURATION,
        "hypervisor " + name() + " cannot take over a machine that runs already",
        Details.none().withSandbox(spec.sandboxId()));
  }

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

  /**
   * What a template for a machine would be like. Cheap: called at every start that may use one.
   *
   * @param spec what would be started
   * @return its traits, or the obstacle
   */
  default TemplateTraits templateFor(VmSpec spec) {
    return TemplateTraits.impossible(spec.sizes(), name() + " offers no templates");
  }

  /**
   * What a template would be like that has all vCPUs of the machine from the start. It is asked for
   * when the kernel of the guest is known to take no vCPU that is plugged in later. Default: there
   * can be none.
   *
   * @param spec what would be started
   * @return its traits, or the obstacle
   */
  default TemplateTraits templateWithAllVcpus(VmSpec spec) {
    return TemplateTraits.impossible(
        spec.sizes(), "the guest's kernel takes no vCPU that is plugged in");
  }

  /**
   * Launches a machine that becomes a template: as {@link #launch}, with the guest's memory in a
   * file of its own, so that {@link VirtualMachine#save} need not write it.
   *
   * @param spec what to start, with the sizes of {@link TemplateTraits#sizes()}
   * @param memory an empty file for the guest's memory, on a file system with room for it
   * @param context where to put things and how long it may take
   * @return the running machine, to be closed
   * @throws KataException when the machine cannot be started
   * @throws InterruptedException when the calling thread is interrupted
   */
  default VirtualMachine launchTemplate(
      VmSpec spec, java.nio.file.Path memory, StartContext context) throws InterruptedException {
    throw new UnsupportedOperationException(name() + " offers no templates");
  }

  /**
   * Why its machines cannot share directories of the host, if so. Asked at each start that wants
   * to.
   *
   * @return a clause; empty when they can
   */
  default Optional<String> obstacleToSharing() {
    return Optional.of("hypervisor " + name() + " cannot share directories");
  }

  /**
   * Makes a running machine of an image. Returns as soon as the image is being loaded; the guest
   * goes on where it was when it was saved, so the agent answers a connection that begins anew.
   * Records the same phases as {@link #launch}. Whether loading succeeded shows when the agent
   * answers; a machine whose image cannot be loaded ends.
   *
   * @param spec what to start; what is larger than the image is plugged in by {@link
   *     VirtualMachine#complete}
   * @param image the image, made by an equal hypervisor
   * @param context where to put things and how long it may take
   * @return the machine, to be closed
   * @throws KataException when the machine cannot be started
   * @throws InterruptedException when the calling thread is interrupted
   */
  default VirtualMachine restore(VmSpec spec, VmImage image, StartContext context)
      throws InterruptedException {
    throw new UnsupportedOperationException(name() + " restores no images");
  }
}
