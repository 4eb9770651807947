package io.katajava.internal.engine;

import io.katajava.ContainerSpec;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Volume;
import io.katajava.spi.DirectoryShare;
import io.katajava.spi.Rootfs;
import io.katajava.spi.VirtualMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The directories of the host that a sandbox sees by virtio-fs, each shared once however many
 * containers have it.
 */
final class SandboxShares {
  private final VirtualMachine vm;
  private final boolean shares;
  private final ReentrantLock plugging = new ReentrantLock();
  private final Map<Volume.HostDirectory, Rootfs.Mount> mounts = new LinkedHashMap<>();

  SandboxShares(VirtualMachine vm, boolean shares) {
    this.vm = vm;
    this.shares = shares;
  }

  /** What the agent mounts for the directories of a container; nothing where they are copied. */
  Map<Volume.HostDirectory, Rootfs.Mount> of(ContainerSpec spec, Deadline deadline) {
    Map<Volume.HostDirectory, Rootfs.Mount> all = new LinkedHashMap<>();
    if (!shares) {
      return all;
    }
    for (Volume volume : spec.files().volumes().values()) {
      if (volume instanceof Volume.HostDirectory host) {
        ContainerVolumes.requireDirectory(host.directory(), spec.name());
        all.put(host, mount(host, deadline));
      }
    }
    return all;
  }

  /**
   * The directory itself where a link names it: a daemon that is confined to a link sees nothing.
   */
  private static Path named(Volume.HostDirectory host) {
    try {
      return host.directory().toRealPath();
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "volume " + host.directory() + " cannot be opened: " + e.getMessage(),
          Details.none().withCause(e));
    }
  }

  private Rootfs.Mount mount(Volume.HostDirectory host, Deadline deadline) {
    plugging.lock();
    try {
      Rootfs.Mount known = mounts.get(host);
      if (known != null) {
        return known;
      }
      String tag = "h" + SandboxIds.next();
      String slots =
          vm.plugDirectory(
              new DirectoryShare(tag, named(host), host.isWritable()), deadline.remaining());
      Rootfs.Mount made =
          new Rootfs.Mount(
              "virtio-fs",
              tag,
              "virtiofs",
              host.isWritable() ? List.of("nosuid", "nodev") : List.of("nosuid", "nodev", "ro"),
              AgentPaths.share(tag),
              List.of(AgentPaths.SLOTS + slots));
      mounts.put(host, made);
      return made;
    } finally {
      plugging.unlock();
    }
  }
}
