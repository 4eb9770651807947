package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerSecurity;
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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.SelinuxContext;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.MountableFile;

/**
 * What a {@link KataContainer} consists of: its image, its first process, its files.
 *
 * @param <SELF> the type whose vocabulary this is
 */
public abstract sealed class ContainerSettings<SELF extends ContainerSettings<SELF>>
    extends ProcessSettings<SELF> permits ConnectionSettings {
  /** How much of the output is kept. */
  private static final MemorySize LOG = MemorySize.mebibytes(4);

  private record Copy(Transferable content, String path) {}

  private String image;
  private boolean privileged;
  private @Nullable Long sharedMemory;
  private final Map<String, String> tmpfs = new LinkedHashMap<>();
  private final Map<String, String> labels = new LinkedHashMap<>();
  private final List<Copy> copies = new ArrayList<>();
  private final List<Consumer<ContainerBuilder>> settings = new ArrayList<>();

  ContainerSettings(String image) {
    this.image = image;
  }

  /** Tells a builder all of it but the copies. */
  @Override
  void describe(ContainerBuilder builder) {
    builder.image(image).keepLog(LOG);
    super.describe(builder);
    if (sharedMemory != null) {
      builder.tmpfs("/dev/shm", MemorySize.bytes(sharedMemory));
    }
    tmpfs.forEach((path, options) -> builder.tmpfs(path, TmpfsOptions.size(options)));
    if (privileged) {
      builder.security(ContainerSettings::everything);
    }
    settings.forEach(one -> one.accept(builder));
  }

  private static void everything(ContainerSecurity.Builder security) {
    security
        .addCapabilities(OciCapability.values())
        .noNewPrivileges(false)
        .seccomp(Seccomp.unconfined())
        .clearProtectedPaths();
  }

  /** Copies into a container that was not started yet. */
  void copyInto(Container made) {
    copies.forEach(copy -> CopiedFiles.copy(made, copy.content(), copy.path()));
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
   * As {@link #withClasspathResourceMapping(String, String, BindMode)}.
   *
   * @param resourcePath on the class path
   * @param containerPath absolute path in the container
   * @param mode of no consequence: the copy is the container's
   * @param selinux of no consequence: the host labels nothing for a guest
   * @return this
   */
  public SELF withClasspathResourceMapping(
      String resourcePath, String containerPath, BindMode mode, SelinuxContext selinux) {
    return withClasspathResourceMapping(resourcePath, containerPath, mode);
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
   * As {@link #withFileSystemBind(String, String, BindMode)}.
   *
   * @param hostPath a directory or a file on the host
   * @param containerPath absolute path in the container
   * @param mode whether the container may write to the directory
   */
  public void addFileSystemBind(String hostPath, String containerPath, BindMode mode) {
    withFileSystemBind(hostPath, containerPath, mode);
  }

  /**
   * As {@link #withFileSystemBind(String, String, BindMode)}.
   *
   * @param hostPath a directory or a file on the host
   * @param containerPath absolute path in the container
   * @param mode whether the container may write to the directory
   * @param selinux of no consequence: the host labels nothing for a guest
   */
  public void addFileSystemBind(
      String hostPath, String containerPath, BindMode mode, SelinuxContext selinux) {
    addFileSystemBind(hostPath, containerPath, mode);
  }

  /**
   * Adds filesystems in guest memory.
   *
   * @param mounts options by path; of the options only {@code size} counts, which is 64m without
   * @return this
   */
  public SELF withTmpFs(Map<String, String> mounts) {
    tmpfs.putAll(mounts);
    return self();
  }

  /**
   * Sets the size of {@code /dev/shm}. Default: 64 MiB.
   *
   * @param bytes positive
   * @return this
   */
  public SELF withSharedMemorySize(Long bytes) {
    setShmSize(bytes);
    return self();
  }

  /**
   * Gives the container all rights there are in its machine: every capability, no filter of system
   * calls, nothing hidden or read-only. The machine is its own, and the host none of its concern.
   *
   * @param privileged false is the default
   * @return this
   */
  public SELF withPrivilegedMode(boolean privileged) {
    setPrivilegedMode(privileged);
    return self();
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
   * Sets another image than that of the constructor.
   *
   * @param image a reference
   */
  public void setDockerImageName(String image) {
    this.image = image;
  }

  /**
   * As {@link #withTmpFs}, instead of those set before.
   *
   * @param mounts options by path
   */
  public void setTmpFsMapping(Map<String, String> mounts) {
    tmpfs.clear();
    tmpfs.putAll(mounts);
  }

  /**
   * What {@link #withTmpFs} said.
   *
   * @return options by path
   */
  public Map<String, String> getTmpFsMapping() {
    return Map.copyOf(tmpfs);
  }

  /**
   * As {@link #withSharedMemorySize}.
   *
   * @param bytes positive; null for the default
   */
  public void setShmSize(@Nullable Long bytes) {
    this.sharedMemory = bytes;
  }

  /**
   * What {@link #withSharedMemorySize} said.
   *
   * @return bytes; null for the default
   */
  public @Nullable Long getShmSize() {
    return sharedMemory;
  }

  /**
   * As {@link #withPrivilegedMode}.
   *
   * @param privileged false is the default
   */
  public void setPrivilegedMode(boolean privileged) {
    this.privileged = privileged;
  }

  /**
   * What {@link #withPrivilegedMode} said.
   *
   * @return whether it has all rights in its machine
   */
  public boolean isPrivilegedMode() {
    return privileged;
  }

  /**
   * Notes something about the container, for whoever asks {@link #getLabels}. Nobody else reads it.
   *
   * @param key what
   * @param value its value
   * @return this
   */
  public SELF withLabel(String key, String value) {
    labels.put(key, value);
    return self();
  }

  /**
   * As {@link #withLabel}, for several.
   *
   * @param labels values by key
   * @return this
   */
  public SELF withLabels(Map<String, String> labels) {
    this.labels.putAll(labels);
    return self();
  }

  /**
   * What {@link #withLabel} said.
   *
   * @return values by key
   */
  public Map<String, String> getLabels() {
    return Map.copyOf(labels);
  }

  /**
   * As {@link #withLabels}, instead of those set before.
   *
   * @param labels values by key
   */
  public void setLabels(Map<String, String> labels) {
    Map<String, String> all = Map.copyOf(labels);
    this.labels.clear();
    this.labels.putAll(all);
  }
}
