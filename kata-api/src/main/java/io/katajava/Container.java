package io.katajava;

import io.katajava.wait.WaitStrategy;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A container in a sandbox. Its first process may be started, stopped and started again; its root
 * filesystem and its log stay until {@link #close()}.
 */
public interface Container extends AutoCloseable {

  /**
   * The container's id for the agent, unique in the sandbox.
   *
   * @return the id
   */
  String id();

  /**
   * The name it was given.
   *
   * @return the name
   */
  String name();

  /**
   * The sandbox it is in.
   *
   * @return the sandbox
   */
  Sandbox sandbox();

  /**
   * The container's first process, its pid 1.
   *
   * @return the process and its streams; after a restart the new one
   * @throws IllegalStateException if the container was created and not started yet
   */
  Execution mainProcess();

  /**
   * What the first process wrote, if the container was made with {@link ContainerBuilder#keepLog}.
   *
   * @return the log
   * @throws IllegalStateException if it keeps none
   */
  ContainerLog log();

  /**
   * What tells whether it works: its builder's health check, else its image's.
   *
   * @return empty when it has none
   */
  Optional<Healthcheck> healthcheck();

  /**
   * Copies files into and out of the container.
   *
   * @return its files
   */
  ContainerFiles files();

  /**
   * Where the container is in its life.
   *
   * @return the state, and the outcome of its first process once that has ended
   */
  ContainerStatus status();

  /**
   * What the container uses and used, from its cgroup.
   *
   * @return the figures
   * @throws KataException when the agent cannot be asked
   */
  ContainerStats stats();

  /**
   * Waits until the container is ready.
   *
   * @param strategy tells when it is; {@link io.katajava.wait.Wait} has the usual ones
   * @throws io.katajava.wait.ContainerNotReadyException at once when its first process has ended,
   *     with how it did and the end of its output, or when the time is up
   * @throws IllegalStateException if the container was not started, or the strategy needs something
   *     that it does not have
   */
  void waitUntil(WaitStrategy strategy);

  /**
   * The TCP ports that are listened at, on any address, in the container's network namespace, which
   * is the sandbox's unless it has its own. No program of the container is run with our agent;
   * another's executes {@code cat}.
   *
   * @return a snapshot; not to be trusted
   * @throws KataException when the agent cannot be asked
   */
  Set<Integer> listeningPorts();

  /**
   * Starts the first process of a container that was created, or starts it again after it has
   * ended.
   *
   * @throws CommandNotStartedException when it cannot be started
   * @throws KataException with {@link ErrorCode#INVALID_STATE} when it runs already
   */
  void start();

  /**
   * Sends a signal to the first process. One that has ended is no error.
   *
   * @param signal the guest's signal number, for example 15. SIGTERM to a pid 1 that does not
   *     handle it ends it, though the kernel would ignore it
   */
  void signal(int signal);

  /** Kills all processes of the container, without waiting; it can be started again. */
  void kill();

  /**
   * Stops the container and starts it again with a new first process. Its files stay. Published TCP
   * ports at which it listened are waited for, for 15 seconds at most or until the new process
   * ends: a connection would be taken and reset before.
   *
   * @param grace how long the process may take after SIGTERM
   */
  void restart(Duration grace);

  /**
   * Freezes all processes of the container; returns when they are. Commands cannot be executed
   * meanwhile.
   *
   * @throws KataException with {@link ErrorCode#INVALID_STATE} when it does not run
   */
  void pause();

  /**
   * Lets the processes of a frozen container go on.
   *
   * @throws KataException with {@link ErrorCode#INVALID_STATE} when it is not frozen
   */
  void resume();

  /**
   * Changes limits of the container; they hold until the next change, restarts included.
   *
   * @param limits what changes; the rest stays as it is
   * @throws IllegalStateException if afterwards swap would be limited and memory not
   */
  void update(ContainerLimits limits);

  /**
   * Changes limits of the container.
   *
   * @param limits sets what changes
   * @throws IllegalStateException if afterwards swap would be limited and memory not
   */
  default void update(Consumer<ContainerLimits.Builder> limits) {
    ContainerLimits.Builder builder = ContainerLimits.builder();
    limits.accept(builder);
    update(builder.build());
  }

  /**
   * Runs a command in the container and keeps its output.
   *
   * @param command program and arguments; no shell is involved
   * @return the result; a non-zero exit is a value
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(String... command) {
    return exec(ExecSpec.command(command).build());
  }

  /**
   * Runs a command in the container and keeps its output.
   *
   * @param spec describes the command
   * @return the result
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(Consumer<ExecSpec.Builder> spec) {
    ExecSpec.Builder builder = ExecSpec.builder();
    spec.accept(builder);
    return exec(builder.build());
  }

  /**
   * Runs a command in the container and keeps its output.
   *
   * @param spec the command
   * @return the result
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  ExecResult exec(ExecSpec spec);

  /**
   * As {@link #exec(ExecSpec)}, without waiting.
   *
   * @param spec the command
   * @return the result to come; failures are {@link KataException}s
   */
  CompletableFuture<ExecResult> execAsync(ExecSpec spec);

  /**
   * Starts a command in the container and hands out its streams.
   *
   * @param spec the command; its {@link ExecSpec#stdin()} must be absent
   * @return the running command, to be closed
   * @throws CommandNotStartedException when the command cannot be started
   * @throws KataException when the sandbox cannot be asked
   */
  Execution execInteractive(ExecSpec spec);

  /**
   * Starts a command in the container and hands out its streams.
   *
   * @param spec describes the command
   * @return the running command, to be closed
   * @throws CommandNotStartedException when the command cannot be started
   * @throws KataException when the sandbox cannot be asked
   */
  default Execution execInteractive(Consumer<ExecSpec.Builder> spec) {
    ExecSpec.Builder builder = ExecSpec.builder();
    spec.accept(builder);
    return execInteractive(builder.build());
  }

  /**
   * Ends the first process: SIGTERM, after the grace SIGKILL, which ends all other processes too.
   * The container can be started again. One that has ended is no error.
   *
   * @param grace how long the process may take after SIGTERM
   */
  void stop(Duration grace);

  /** Kills all processes of the container and removes it with its files. Idempotent. */
  @Override
  void close();
}
