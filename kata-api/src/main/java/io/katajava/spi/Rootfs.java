package io.katajava.spi;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A root filesystem as the agent gets it, and the image's defaults for what runs in it.
 *
 * @param path the root's path in the guest once the storages are mounted
 * @param storages what the agent mounts first, in order
 * @param command the image's command; empty when it has none
 * @param env the image's variables
 * @param workdir the image's working directory
 * @param user the image's user
 * @param description what it is, for people
 */
public record Rootfs(
    String path,
    List<Mount> storages,
    List<String> command,
    Map<String, String> env,
    Optional<String> workdir,
    Optional<String> user,
    String description) {

  /** Copies the collections. */
  public Rootfs {
    storages = List.copyOf(storages);
    command = List.copyOf(command);
    env = Map.copyOf(env);
  }

  /**
   * One storage for the agent: the protocol's {@code Storage} message.
   *
   * @param driver the agent's driver, for example {@code overlayfs}
   * @param source what is mounted
   * @param fstype the filesystem's type
   * @param options mount options
   * @param mountPoint where in the guest
   */
  public record Mount(
      String driver, String source, String fstype, List<String> options, String mountPoint) {

    /** Copies the options. */
    public Mount {
      options = List.copyOf(options);
    }
  }
}
