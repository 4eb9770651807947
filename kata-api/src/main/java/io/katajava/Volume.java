package io.katajava;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Files that a container has besides its root filesystem. Made by the factories here, mounted with
 * {@link ContainerBuilder#volume(String, Volume)}.
 */
public sealed interface Volume {

  /**
   * A directory of the host, read-only for the container. Its content is copied into the guest's
   * memory when the container is made; links in it are copied as links and never followed.
   *
   * @param directory on the host
   * @return the volume; {@link HostDirectory#writable()} lets the container write
   */
  static HostDirectory hostDirectory(Path directory) {
    return new HostDirectory(directory.toAbsolutePath().normalize(), false);
  }

  /**
   * An empty directory in the guest's memory, for one container.
   *
   * @param limit how much it may hold
   * @return the volume
   */
  static Volume tmpfs(MemorySize limit) {
    return new Memory(Optional.empty(), Optional.of(limit));
  }

  /**
   * An empty directory in the guest's memory that containers of a sandbox share by its name.
   *
   * @param name unique in the sandbox
   * @return the volume
   */
  static Volume shared(String name) {
    return new Memory(Optional.of(Checks.name("name of a volume", name)), Optional.empty());
  }

  /**
   * A directory of the host.
   *
   * @param directory absolute, on the host
   * @param isWritable whether the container may write; what it wrote is copied back
   */
  record HostDirectory(Path directory, boolean isWritable) implements Volume {
    /**
     * The same directory, which the container may write to. When the container or its sandbox is
     * closed, files that are new or were written are copied back to the host; what the container
     * deleted stays on the host. No link is followed on the way, and links that lead out of the
     * directory are left out. A container that is lost with its machine copies nothing back.
     *
     * @return a volume
     */
    public HostDirectory writable() {
      return new HostDirectory(directory, true);
    }
  }

  /**
   * A directory in the guest's memory.
   *
   * @param name by which containers share it; absent when it is one container's own
   * @param limit how much it may hold; half of the guest's memory when absent
   */
  record Memory(Optional<String> name, Optional<MemorySize> limit) implements Volume {}
}
