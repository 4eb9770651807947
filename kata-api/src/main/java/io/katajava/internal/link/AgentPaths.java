package io.katajava.internal.link;

/** Paths in the guest and options that the agent protocol's users agree on. */
public final class AgentPaths {
  /** Option of the {@code overlayfs} driver: the agent adds upper and work directories itself. */
  public static final String OVERLAY_WRITABLE = "io.katacontainers.fs-opt.overlay-rw";

  /** Driver option of {@code overlayfs}: a directory that is made first. */
  public static final String OVERLAY_DIRECTORY =
      "io.katacontainers.volume.overlayfs.create_directory=";

  /** Driver option of our agent's {@code virtio-fs}: slots of a device that was plugged in. */
  public static final String SLOTS = "io.katajava.slots=";

  /** Driver option of our agent's: a kernel module that is loaded first, a file in the guest. */
  public static final String MODULE = "io.katajava.module=";

  /** Driver option of our agent's {@code overlayfs}: whom the files are given to. */
  public static final String OVERLAY_OWNERS = "io.katajava.overlayfs.";

  /** In place of a namespace's path, before a container's id: our agent knows where that one is. */
  public static final String NAMESPACE_OF = "container:";

  private static final String SHARED = "/run/kata-containers/shared/containers/";
  private static final String LAYERS = "/run/kata-containers/sandbox/layers/";
  private static final String DISKS = "/run/kata-containers/sandbox/disks/";
  private static final String SHARES = "/run/kata-containers/sandbox/shares/";
  private static final String VOLUMES = "/run/kata-containers/sandbox/volumes/";

  private AgentPaths() {}

  /** The directory the agent keeps for a container. */
  public static String container(String containerId) {
    return SHARED + containerId;
  }

  /** Where a file is that all containers get; no container has an id of one letter. */
  public static String sandboxFile(String name) {
    return SHARED + "s/" + name;
  }

  /** Where a file is that one container gets. */
  public static String injected(String containerId, int number) {
    return SHARED + "f/" + containerId + "/" + number;
  }

  /** Where a container's writable layer is mounted, if it is a filesystem of its own. */
  public static String layer(String containerId) {
    return LAYERS + containerId;
  }

  /** Where a disk is mounted that containers share. */
  public static String disk(String id) {
    return DISKS + id;
  }

  /** Where a shared directory of the host is mounted. */
  public static String share(String tag) {
    return SHARES + tag;
  }

  /** Where a kernel module is put that the initrd is without. */
  public static String module(String file) {
    return SHARED + "m/" + file;
  }

  /** Where a directory is mounted that containers share. */
  public static String volume(String name) {
    return VOLUMES + name;
  }
}
