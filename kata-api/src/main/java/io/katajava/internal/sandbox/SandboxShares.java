package io.katajava.internal.sandbox;

import io.katajava.ContainerSpec;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Volume;
import io.katajava.internal.container.ContainerVolumes;
import io.katajava.internal.ledger.SandboxIds;
import io.katajava.internal.link.AgentPaths;
import io.katajava.spi.DirectoryShare;
import io.katajava.spi.Rootfs;
import io.katajava.spi.VirtualMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The directories of the host that a sandbox sees by virtio-fs, each shared once however many
 * containers have it.
 */
final class SandboxShares {
  private final VirtualMachine vm;
  private final boolean shares;
  private final Consumer<String> copying;
  private final boolean required;
  private final ReentrantLock plugging = new ReentrantLock();
  private final Map<Volume.HostDirectory, Rootfs.Mount> mounts = new LinkedHashMap<>();

  /**
   * Those of one machine.
   *
   * @param shares whether the machine can share at all
   * @param required whether a directory that cannot be shared is a failure; else it is copied
   * @param copying is told why one is copied
   */
  SandboxShares(VirtualMachine vm, boolean shares, boolean required, Consumer<String> copying) {
    this.vm = vm;
    this.shares = shares;
    this.required = required;
    this.copying = copying;
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
        try {
          all.put(host, mount(host, deadline));
        } catch (KataException e) {
          if (required || e.code() != ErrorCode.HOST_UNSUITABLE) {
            throw e;
          }
          copying.accept(String.valueOf(e.getMessage()));
        }
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
