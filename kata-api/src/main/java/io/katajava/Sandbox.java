package io.katajava;

import io.katajava.spi.VmExit;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A running virtual machine with an agent in it, and its containers. Handles are shared by threads
 * freely. A sandbox dies with its JVM, whatever ends that.
 */
public interface Sandbox extends AutoCloseable {

  /**
   * The sandbox's id: short, unique on this host, and part of its paths.
   *
   * @return letters and digits
   */
  String id();

  /**
   * The name it was given.
   *
   * @return the name, if there is one
   */
  Optional<String> name();

  /**
   * Its state now.
   *
   * @return the state
   */
  SandboxState state();

  /**
   * The phases of its start.
   *
   * @return a snapshot; {@link StartPhase#FIRST_OUTPUT} is in it once a command wrote something
   */
  SandboxTimeline timeline();

  /**
   * What was chosen for the user, and why: accelerator, kernel, transport, root filesystem and so
   * on.
   *
   * @return the choices
   */
  List<Choice> describe();

  /**
   * The hypervisor's command line, secrets redacted.
   *
   * @return one argument an element
   */
  List<String> commandLine();

  /**
   * Tells whether nothing but this library controls the hypervisor.
   *
   * @return false when an extra monitor is open
   */
  boolean isTrusted();

  /**
   * The hypervisor's process.
   *
   * @return a pid on the host
   */
  long hypervisorPid();

  /**
   * Runs a command in the sandbox's default container and keeps its output. The container is made
   * at the first call, from the sandbox's image or else the guest's built-in {@code busybox}.
   *
   * @param command program and arguments; no shell is involved
   * @return the result; a non-zero exit is a value, see {@link ExecResult#orThrow()}
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(String... command) {
    return exec(ExecSpec.command(command).build());
  }

  /**
   * Runs a command in the default container and keeps its output.
   *
   * @param spec describes the command
   * @return the result
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(Consumer<ExecSpec.Builder> spec) {
    return defaultContainer().exec(spec);
  }

  /**
   * Runs a command in the default container and keeps its output.
   *
   * @param spec the command
   * @return the result
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(ExecSpec spec) {
    return defaultContainer().exec(spec);
  }

  /**
   * As {@link #exec(ExecSpec)}, without waiting.
   *
   * @param spec the command
   * @return the result to come; failures are {@link KataException}s
   */
  CompletableFuture<ExecResult> execAsync(ExecSpec spec);

  /**
   * Starts a command in the default container and hands out its streams.
   *
   * @param spec describes the command
   * @return the running command, to be closed
   * @throws KataException when it cannot be started
   */
  default Execution execInteractive(Consumer<ExecSpec.Builder> spec) {
    return defaultContainer().execInteractive(spec);
  }

  /**
   * The container in which {@link #exec(String...)} runs; made now if it is not there yet.
   *
   * @return the default container
   * @throws KataException when it cannot be made
   */
  Container defaultContainer();

  /**
   * Describes a container of this sandbox.
   *
   * @param name its name, unique in the sandbox: letters, digits, {@code . _ -}
   * @return a builder; {@link ContainerBuilder#start()} makes the container
   */
  ContainerBuilder container(String name);

  /**
   * The containers that were started and not closed, the default one included.
   *
   * @return a snapshot
   */
  List<Container> containers();

  /**
   * Tells a consumer what happens to the sandbox from now on, one call at a time on the library's
   * workers; every consumer has a queue of its own of 1024 events, beyond which the oldest go.
   *
   * @param consumer takes the events
   * @return ends the subscription
   */
  Subscription onEvent(Consumer<SandboxEvent> consumer);

  /** A consumer's subscription to events. */
  interface Subscription extends AutoCloseable {
    /** Ends it. A call under way is not waited for. */
    @Override
    void close();
  }

  /**
   * The guest's own figures, of agent and machine.
   *
   * @return text in the Prometheus exposition format; not to be trusted
   * @throws KataException when the agent cannot be asked
   */
  String guestMetrics();

  /**
   * Completes when the machine has ended, however that came. Never completes exceptionally.
   *
   * @return how the hypervisor ended
   */
  CompletableFuture<VmExit> onExit();

  /**
   * Ends the sandbox: asks the agent to shut the guest down, then the hypervisor to quit, then
   * kills it; returns when the process is reaped and sockets and directories are gone.
   *
   * @param grace how long the polite steps may take together
   */
  void stop(Duration grace);

  /** Ends the sandbox as {@link #stop} does, with little patience. Idempotent. */
  @Override
  void close();
}
