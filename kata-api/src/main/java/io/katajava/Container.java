package io.katajava;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A running container in a sandbox. */
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
   * @return the process and its streams
   */
  Execution mainProcess();

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
   * Ends the first process: SIGTERM, after the grace SIGKILL; then removes the container.
   *
   * @param grace how long the process may take after SIGTERM
   */
  void stop(Duration grace);

  /** Kills all processes of the container and removes it. Idempotent. */
  @Override
  void close();
}
