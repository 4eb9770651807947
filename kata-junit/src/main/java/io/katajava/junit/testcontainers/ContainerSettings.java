package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.MemorySize;
import io.katajava.Seccomp;
import io.katajava.Volume;
import io.katajava.agent.oci.OciCapability;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.testcontainers.containers.BindMode;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.MountableFile;

/**
 * What a {@link KataContainer} consists of: its image, its first process, its files.
 *
 * @param <SELF> the type whose vocabulary this is
 */
public abstract sealed class ContainerSettings<SELF extends ContainerSettings<SELF>>
    permits StartSettings {
  /** How much of the output is kept. */
  private static final MemorySize LOG = MemorySize.mebibytes(4);

  private record Copy(Transferable content, String path) {}

  private final String image;
  private List<String> command = List.of();
  private final Map<String, String> env = new LinkedHashMap<>();
  private final List<Copy> copies = new ArrayList<>();
  private final List<Consumer<ContainerBuilder>> settings = new ArrayList<>();

  ContainerSettings(String image) {
    this.image = image;
  }

  abstract SELF self();

  /** Tells a builder all of it but the copies. */
  void describe(ContainerBuilder builder) {
    builder.image(image).keepLog(LOG);
    if (!command.isEmpty()) {
      builder.command(command);
    }
    env.forEach(builder::env);
    settings.forEach(one -> one.accept(builder));
  }

  /** Copies into a container that was not started yet. */
  void copyInto(Container made) {
    copies.forEach(copy -> CopiedFiles.copy(made, copy.content(), copy.path()));
  }

  /**
   * Sets the first process; the arguments of the image's entrypoint, if it has one.
   *
   * @param command split at spaces, without a shell
   * @return this
   */
  public SELF withCommand(String command) {
    return withCommand(command.split(" "));
  }

  /**
   * Sets the first process; the arguments of the image's entrypoint, if it has one.
   *
   * @param command program and arguments
   * @return this
   */
  public SELF withCommand(String... command) {
    this.command = List.of(command);
    return self();
  }

  /**
   * Sets a variable of the first process.
   *
   * @param key its name
   * @param value its value
   * @return this
   */
  public SELF withEnv(String key, String value) {
    env.put(key, value);
    return self();
  }

  /**
   * Sets a variable of the first process from what was set before.
   *
   * @param key its name
   * @param mapper gets the value that was set by {@code withEnv}, if any; the image's is not known
   * @return this
   */
  public SELF withEnv(String key, Function<Optional<String>, String> mapper) {
    return withEnv(key, mapper.apply(Optional.ofNullable(env.get(key))));
  }

  /**
   * Sets variables of the first process.
   *
   * @param variables names and values
   * @return this
   */
  public SELF withEnv(Map<String, String> variables) {
    env.putAll(variables);
    return self();
  }

  /**
   * Sets the working directory of the first process.
   *
   * @param directory absolute path in the container
   * @return this
   */
  public SELF withWorkingDirectory(String directory) {
    return withContainer(builder -> builder.workdir(directory));
  }

  /**
   * Copies something into the container before its first process runs.
   *
   * @param content for example of {@link Transferable#of(String)}
   * @param containerPath absolute path in the container
   * @return this
   */
  public SELF withCopyToContainer(Transferable content, String containerPath) {
    copies.add(new Copy(content, containerPath));
    return self();
  }

  /**
   * Copies a file or a tree of the host or the class path into the container before its first
   * process runs.
   *
   * @param file the source
   * @param containerPath absolute path in the container
   * @return this
   */
  public SELF withCopyFileToContainer(MountableFile file, String containerPath) {
    return withCopyToContainer(file, containerPath);
  }

  /**
   * Copies a resource of the class path into the container before its first process runs.
   *
   * @param resourcePath on the class path
   * @param containerPath absolute path in the container
   * @param mode of no consequence: the copy is the container's
   * @return this
   */
  public SELF withClasspathResourceMapping(
      String resourcePath, String containerPath, BindMode mode) {
    return withCopyFileToContainer(MountableFile.forClasspathResource(resourcePath), containerPath);
  }

  /**
   * As {@link #withFileSystemBind(String, String, BindMode)}, writable.
   *
   * @param hostPath on the host
   * @param containerPath absolute path in the container
   * @return this
   */
  public SELF withFileSystemBind(String hostPath, String containerPath) {
    return withFileSystemBind(hostPath, containerPath, BindMode.READ_WRITE);
  }

  /**
   * Gives the container a directory of the host, as {@link Volume#hostDirectory} does: with {@link
   * BindMode#READ_WRITE} the host has what the container wrote when it is stopped, not before. A
   * file is copied in, and never back.
   *
   * @param hostPath a directory or a file on the host
   * @param containerPath absolute path in the container
   * @param mode whether the container may write to the directory
   * @return this
   */
  public SELF withFileSystemBind(String hostPath, String containerPath, BindMode mode) {
    Path host = Path.of(hostPath);
    if (Files.isRegularFile(host)) {
      return withCopyFileToContainer(MountableFile.forHostPath(host), containerPath);
    }
    Volume.HostDirectory directory = Volume.hostDirectory(host);
    return withContainer(
        builder ->
            builder.volume(
                containerPath, mode == BindMode.READ_WRITE ? directory.writable() : directory));
  }

  /**
   * Adds filesystems in guest memory.
   *
   * @param mounts options by path; of the options only {@code size} counts, which is 64m without
   * @return this
   */
  public SELF withTmpFs(Map<String, String> mounts) {
    mounts.forEach(
        (path, options) ->
            settings.add(builder -> builder.tmpfs(path, TmpfsOptions.size(options))));
    return self();
  }

  /**
   * Sets the size of {@code /dev/shm}. Default: 64 MiB.
   *
   * @param bytes positive
   * @return this
   */
  public SELF withSharedMemorySize(Long bytes) {
    return withContainer(builder -> builder.tmpfs("/dev/shm", MemorySize.bytes(bytes)));
  }

  /**
   * Gives the container all rights there are in its machine: every capability, no filter of system
   * calls, nothing hidden or read-only. The machine is its own, and the host none of its concern.
   *
   * @param privileged false does nothing
   * @return this
   */
  public SELF withPrivilegedMode(boolean privileged) {
    return privileged
        ? withContainer(
            builder ->
                builder.security(
                    security ->
                        security
                            .addCapabilities(OciCapability.values())
                            .noNewPrivileges(false)
                            .seccomp(Seccomp.unconfined())
                            .clearProtectedPaths()))
        : self();
  }

  /**
   * Settles what only our own containers have: user, entrypoint, limits, secrets and so on.
   *
   * @param settings applied last
   * @return this
   */
  public SELF withContainer(Consumer<ContainerBuilder> settings) {
    this.settings.add(settings);
    return self();
  }

  /**
   * The image it is made with.
   *
   * @return the reference
   */
  public String getDockerImageName() {
    return image;
  }

  /**
   * The variables that were set.
   *
   * @return names and values
   */
  public Map<String, String> getEnvMap() {
    return Map.copyOf(env);
  }
}
