package io.katajava.internal.engine;

/** Paths in the guest and options that the agent protocol's users agree on. */
final class AgentPaths {
  /** Option of the {@code overlayfs} driver: the agent adds upper and work directories itself. */
  static final String OVERLAY_WRITABLE = "io.katacontainers.fs-opt.overlay-rw";

  private static final String SHARED = "/run/kata-containers/shared/containers/";

  private AgentPaths() {}

  static String rootfs(String containerId) {
    return SHARED + containerId + "/rootfs";
  }
}
