package io.katajava;

import io.katajava.ExecSpec.TerminalSize;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Describes a container and starts it. Not safe for several threads. */
public final class ContainerBuilder {
  private final String name;
  private final Function<ContainerSpec, Container> starter;
  private @Nullable String image;
  private final List<String> command = new ArrayList<>();
  private final Map<String, String> env = new LinkedHashMap<>();
  private @Nullable String workdir;
  private @Nullable String user;
  private @Nullable TerminalSize terminal;
  private boolean readOnlyRoot;
  private @Nullable MemorySize memoryLimit;
  private @Nullable Double cpus;
  private @Nullable Long pidsLimit;

  /**
   * Makes a builder; {@link Sandbox#container} does.
   *
   * @param name the container's name
   * @param starter starts what was described
   * @throws IllegalArgumentException if the name is not one
   */
  public ContainerBuilder(String name, Function<ContainerSpec, Container> starter) {
    this.name = Checks.name("container name", name);
    this.starter = starter;
  }

  /**
   * Sets the root filesystem by reference. Default: the guest's built-in {@code busybox}.
   *
   * @param image the reference
   * @return this
   */
  public ContainerBuilder image(String image) {
    this.image = image;
    return this;
  }

  /**
   * Sets the first process. Default: the image's, and else one that just waits.
   *
   * @param command program and arguments
   * @return this
   * @throws IllegalArgumentException if it is empty or has a NUL character
   */
  public ContainerBuilder command(String... command) {
    return command(List.of(command));
  }

  /**
   * Sets the first process.
   *
   * @param command program and arguments
   * @return this
   * @throws IllegalArgumentException if it is empty or has a NUL character
   */
  public ContainerBuilder command(List<String> command) {
    Checks.command(command);
    this.command.clear();
    this.command.addAll(command);
    return this;
  }

  /**
   * Sets a variable on top of the image's environment.
   *
   * @param name its name
   * @param value its value
   * @return this
   * @throws IllegalArgumentException if the name is empty or has {@code =} or NUL
   */
  public ContainerBuilder env(String name, String value) {
    Checks.variable(name, value);
    env.put(name, value);
    return this;
  }

  /**
   * Sets the working directory.
   *
   * @param workdir an absolute path in the container
   * @return this
   * @throws IllegalArgumentException if it is not absolute
   */
  public ContainerBuilder workdir(String workdir) {
    this.workdir = Checks.absolute("working directory", workdir);
    return this;
  }

  /**
   * Sets the user of the first process and of commands executed later.
   *
   * @param user {@code name}, {@code uid}, {@code name:group} or {@code uid:gid}
   * @return this
   */
  public ContainerBuilder user(String user) {
    this.user = Checks.user(user);
    return this;
  }

  /**
   * Gives the first process a terminal instead of pipes.
   *
   * @param columns width in characters
   * @param rows height in characters
   * @return this
   */
  public ContainerBuilder tty(int columns, int rows) {
    this.terminal = new TerminalSize(columns, rows);
    return this;
  }

  /**
   * Makes the root filesystem read-only.
   *
   * @return this
   */
  public ContainerBuilder readOnlyRoot() {
    this.readOnlyRoot = true;
    return this;
  }

  /**
   * Limits the container's memory. Default: the machine's.
   *
   * @param limit not zero
   * @return this
   */
  public ContainerBuilder memoryLimit(MemorySize limit) {
    if (limit.bytes() == 0) {
      throw new IllegalArgumentException("a container needs memory, the limit given is zero");
    }
    this.memoryLimit = limit;
    return this;
  }

  /**
   * Limits the CPU time. Default: the machine's vCPUs.
   *
   * @param cpus how many CPUs' time, for example 0.5
   * @return this
   */
  public ContainerBuilder cpus(double cpus) {
    if (!(cpus >= 0.01) || cpus > 1024) {
      throw new IllegalArgumentException("cpus is between 0.01 and 1024, got " + cpus);
    }
    this.cpus = cpus;
    return this;
  }

  /**
   * Limits the number of processes and threads. Default: none.
   *
   * @param limit at least 1
   * @return this
   */
  public ContainerBuilder pidsLimit(long limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("a container has at least 1 process, limit " + limit);
    }
    this.pidsLimit = limit;
    return this;
  }

  /**
   * What was described.
   *
   * @return an immutable description
   */
  public ContainerSpec spec() {
    return new ContainerSpec(
        name,
        Optional.ofNullable(image),
        command,
        env,
        Optional.ofNullable(workdir),
        Optional.ofNullable(user),
        Optional.ofNullable(terminal),
        readOnlyRoot,
        Optional.ofNullable(memoryLimit),
        Optional.ofNullable(cpus),
        Optional.ofNullable(pidsLimit));
  }

  /**
   * Starts the container.
   *
   * @return the running container
   * @throws CommandNotStartedException when its first process cannot be started
   * @throws KataException when the container cannot be made; nothing of it is left
   */
  public Container start() {
    return starter.apply(spec());
  }
}
