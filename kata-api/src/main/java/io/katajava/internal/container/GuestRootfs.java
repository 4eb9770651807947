package io.katajava.internal.container;

import io.katajava.internal.link.AgentPaths;
import io.katajava.spi.ImageConfig;
import io.katajava.spi.Rootfs;
import io.katajava.spi.RootfsProvider;
import io.katajava.spi.RootfsRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Root filesystems the guest brings along, each container on its own writable layer in memory. */
public final class GuestRootfs implements RootfsProvider {
  /** What a container gets when its builder names no image. */
  static final String DEFAULT = "busybox";

  /**
   * Without it busybox shows a question mark for each byte of a name that is not ASCII. It knows
   * characters up to U+02FF at most, as Debian builds it.
   */
  private static final ImageConfig CONFIG = ImageConfig.EMPTY.withEnv(Map.of("LANG", "C.UTF-8"));

  @Override
  public Optional<Rootfs> prepare(RootfsRequest request) {
    String reference = request.reference();
    String directory = request.guest().rootfs().get(reference);
    if (directory == null) {
      return Optional.empty();
    }
    String path = request.directory() + "/rootfs";
    Rootfs.Mount overlay =
        new Rootfs.Mount(
            "overlayfs",
            "overlay",
            "overlay",
            List.of("lowerdir=" + directory, AgentPaths.OVERLAY_WRITABLE),
            path);
    return Optional.of(
        new Rootfs(
            path,
            List.of(),
            List.of(overlay),
            CONFIG,
            "the guest's built-in " + reference + " under a writable layer in guest memory"));
  }
}
