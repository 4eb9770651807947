package io.katajava.internal.engine;

/** Paths in the guest and options that the agent protocol's users agree on. */
final class AgentPaths {
  /** Option of the {@code overlayfs} driver: the agent adds upper and work directories itself. */
  static final String OVERLAY_WRITABLE = "io.katacontainers.fs-opt.overlay-rw";

  /** Driver option of our agent's {@code overlayfs}: whom the files are given to. */
  static final String OVERLAY_OWNERS = "io.katajava.overlayfs.";

  /** In place of a namespace's path, before a container's id: our agent knows where that one is. */
  static final String NAMESPACE_OF = "container:";

  private static final String SHARED = "/run/kata-containers/shared/containers/";
  private static final String VOLUMES = "/run/kata-containers/sandbox/volumes/";

  private AgentPaths() {}

  /** The directory the agent keeps for a container. */
  static String container(String containerId) {
    return SHARED + containerId;
  }

  /** Where a file is that all containers get; no container has an id of one letter. */
  static String sandboxFile(String name) {
    return SHARED + "s/" + name;
  }

  /** Where a file is that one container gets. */
  static String injected(String containerId, int number) {
    return SHARED + "f/" + containerId + "/" + number;
  }

  /** Where a directory is mounted that containers share. */
  static String volume(String name) {
    return VOLUMES + name;
  }
}
