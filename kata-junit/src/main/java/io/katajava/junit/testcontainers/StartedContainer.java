package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ExecSpec;
import io.katajava.Healthcheck;
import io.katajava.PublishedPort.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.testcontainers.containers.ExecConfig;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.ThrowingFunction;

/**
 * What a container that was started is asked and told. Without a start, and after the stop, most of
 * it throws {@link IllegalStateException}.
 */
public sealed interface StartedContainer permits KataContainer {

  /**
   * The container with all that this library knows of it.
   *
   * @return the container; not to be closed
   * @throws IllegalStateException if it was not started
   */
  Container container();

  /**
   * The ports that are exposed.
   *
   * @return ports in the container
   */
  List<Integer> getExposedPorts();

  /**
   * Its id for the guest's agent.
   *
   * @return the id
   */
  default String getContainerId() {
    return container().id();
  }

  /**
   * Where its ports are published.
   *
   * @return the loopback's address
   */
  default String getHost() {
    return InetAddress.getLoopbackAddress().getHostAddress();
  }

  /**
   * The host's port for an exposed one.
   *
   * @param originalPort in the container
   * @return a port of {@link #getHost()}
   * @throws IllegalArgumentException if it is not exposed
   */
  Integer getMappedPort(int originalPort);

  /**
   * The host's ports for all that are published and listened at.
   *
   * @return TCP ports of {@link #getHost()}
   */
  default List<Integer> getBoundPortNumbers() {
    return container().sandbox().network().published().stream()
        .filter(one -> one.protocol() == Protocol.TCP)
        .filter(one -> isOwn(one.guestPort()))
        .map(one -> one.host().getPort())
        .toList();
  }

  /**
   * Whether a published port is this container's, and not another's of its network.
   *
   * @param port in the guest
   * @return whether it may be asked for
   */
  private boolean isOwn(int port) {
    try {
      getMappedPort(port);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * The container's name in its sandbox.
   *
   * @return the name
   */
  default String getContainerName() {
    return container().name();
  }

  /**
   * Whether it was started, and not stopped since.
   *
   * @return true also when its first process has ended
   */
  boolean isCreated();

  /**
   * Runs the health check once.
   *
   * @return whether it succeeds now; false before the start
   * @throws IllegalStateException if the container has none
   */
  default boolean isHealthy() {
    if (!isCreated()) {
      return false;
    }
    Container running = container();
    Healthcheck check =
        running
            .healthcheck()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        running
                            + " has no health check; give it one by withContainer(c ->"
                            + " c.healthcheck(...))"));
    return running
        .exec(
            ExecSpec.command(check.command().toArray(String[]::new))
                .timeout(check.timeout())
                .build())
        .isSuccess();
  }

  /**
   * The host's port for the first exposed one.
   *
   * @return a port of {@link #getHost()}
   * @throws IllegalStateException if none is exposed
   */
  default Integer getFirstMappedPort() {
    return getMappedPort(
        getExposedPorts().stream()
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("the container exposes no ports")));
  }

  /**
   * Whether its first process runs.
   *
   * @return false before the start, after the stop, and when it has ended
   */
  boolean isRunning();

  /**
   * The output of the first process that is kept, its newest 4 MiB, as it was written: what has not
   * ended with a line end is there, too. Only codes that switch colours are left out.
   *
   * @return lines, each with its end
   */
  default String getLogs() {
    return getLogs(OutputType.STDOUT, OutputType.STDERR);
  }

  /**
   * The output of some streams.
   *
   * @param types which
   * @return lines, each with its end
   */
  default String getLogs(OutputType... types) {
    return OutputFrames.text(container().log(), Arrays.asList(types));
  }

  /**
   * Gives the output to a consumer, all that is kept and all that comes, a line a frame with its
   * end. A line that has not ended, such as a prompt, is a frame when nothing more comes for half a
   * second; what it gets later is another. When the first process has ended, or the container is
   * stopped, {@link OutputFrame#END} follows the last of them.
   *
   * @param consumer called on the library's workers, once at a time
   */
  default void followOutput(Consumer<OutputFrame> consumer) {
    followOutput(consumer, OutputType.STDOUT, OutputType.STDERR);
  }

  /**
   * Gives some streams of the output to a consumer, and the end; see {@link
   * #followOutput(Consumer)}.
   *
   * @param consumer called on the library's workers, once at a time
   * @param types which streams
   */
  default void followOutput(Consumer<OutputFrame> consumer, OutputType... types) {
    OutputFrames.follow(container().log(), consumer, Arrays.asList(types));
  }

  /**
   * Executes a command in the container.
   *
   * @param command program and arguments, without a shell
   * @return how it ended; one that could not be started is a result, too
   * @throws IOException never; declared as Testcontainers does
   * @throws InterruptedException when the thread is interrupted; the command is killed
   */
  default ContainerExecResult execInContainer(String... command)
      throws IOException, InterruptedException {
    return execInContainer(StandardCharsets.UTF_8, command);
  }

  /**
   * Executes a command in the container.
   *
   * @param charset of its output
   * @param command program and arguments, without a shell
   * @return how it ended
   * @throws IOException never
   * @throws InterruptedException when the thread is interrupted; the command is killed
   */
  default ContainerExecResult execInContainer(Charset charset, String... command)
      throws IOException, InterruptedException {
    return ContainerExecResult.of(container(), ExecSpec.command(command).build(), charset);
  }

  /**
   * Executes a command in the container as a user.
   *
   * @param user a name or number, with a group after a colon if wanted
   * @param command program and arguments, without a shell
   * @return how it ended
   * @throws IOException never
   * @throws InterruptedException when the thread is interrupted; the command is killed
   */
  default ContainerExecResult execInContainerWithUser(String user, String... command)
      throws IOException, InterruptedException {
    return execInContainer(ExecConfig.builder().user(user).command(command).build());
  }

  /**
   * Executes a command in the container.
   *
   * @param config the command, its user, variables and working directory
   * @return how it ended
   * @throws IOException never
   * @throws InterruptedException when the thread is interrupted; the command is killed
   */
  default ContainerExecResult execInContainer(ExecConfig config)
      throws IOException, InterruptedException {
    return execInContainer(StandardCharsets.UTF_8, config);
  }

  /**
   * Executes a command in the container as a user.
   *
   * @param charset of its output
   * @param user a name or number, with a group after a colon if wanted
   * @param command program and arguments, without a shell
   * @return how it ended
   * @throws IOException never
   * @throws InterruptedException when the thread is interrupted; the command is killed
   */
  default ContainerExecResult execInContainerWithUser(
      Charset charset, String user, String... command) throws IOException, InterruptedException {
    return execInContainer(charset, ExecConfig.builder().user(user).command(command).build());
  }

  /**
   * Executes a command in the container.
   *
   * @param charset of its output
   * @param config the command, its user, variables and working directory
   * @return how it ended
   * @throws IOException never
   * @throws InterruptedException when the thread is interrupted; the command is killed
   */
  default ContainerExecResult execInContainer(Charset charset, ExecConfig config)
      throws IOException, InterruptedException {
    return ContainerExecResult.of(container(), ContainerExecResult.spec(config), charset);
  }

  /**
   * Copies something into the container. A mode that was forced counts for all files and
   * directories of a tree.
   *
   * @param content for example of {@link Transferable#of(String)}, or a {@link
   *     org.testcontainers.utility.MountableFile}
   * @param containerPath absolute path in the container; where it ends with a slash, a file of the
   *     host keeps its name below it
   */
  default void copyFileToContainer(Transferable content, String containerPath) {
    CopiedFiles.copy(container(), content, containerPath);
  }

  /**
   * Copies a file or tree out of the container. Where the path is a link to a file, it is the
   * container's file that the container finds by it.
   *
   * @param containerPath absolute path in the container
   * @param destinationPath path on the host
   */
  default void copyFileFromContainer(String containerPath, String destinationPath) {
    CopiedFiles.fetch(container(), containerPath, Path.of(destinationPath));
  }

  /**
   * Reads a file of the container. Where the path is a link, it is the container's file that the
   * container finds by it.
   *
   * @param <T> what is made of it
   * @param containerPath absolute path in the container
   * @param function gets the content
   * @return what the function returns
   * @throws Exception what the function throws, or {@link IOException} when the copy on the host
   *     cannot be made
   */
  default <T> T copyFileFromContainer(
      String containerPath, ThrowingFunction<InputStream, T> function) throws Exception {
    Path copy = Files.createTempFile("kata-container", null);
    try {
      try (OutputStream bytes = Files.newOutputStream(copy)) {
        container().files().read(containerPath, bytes);
      }
      try (InputStream content = Files.newInputStream(copy)) {
        return function.apply(content);
      }
    } finally {
      Files.deleteIfExists(copy);
    }
  }
}
