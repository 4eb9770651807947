package io.katajava.internal.sandbox;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.internal.link.AgentLink;
import io.katajava.internal.link.AgentPaths;
import io.katajava.spi.Rootfs;
import io.katajava.spi.VirtualMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The disks of a sandbox, each plugged once however many containers use it. They stay until the
 * sandbox ends: a guest takes seconds to give one back, and the next container is likely to want it
 * again.
 */
final class SandboxDisks {
  private final VirtualMachine vm;
  private final Map<String, List<Path>> modules;
  private final AgentLink link;
  private final ReentrantLock plugging = new ReentrantLock();
  private final Map<Path, String> addresses = new HashMap<>();
  private final Set<String> copiedModules = new HashSet<>();

  SandboxDisks(VirtualMachine vm, Map<String, List<Path>> modules, AgentLink link) {
    this.vm = vm;
    this.modules = modules;
    this.link = link;
  }

  /** Plugs what a root filesystem needs; its storages then have addresses of the guest. */
  Rootfs plug(Rootfs rootfs, Deadline deadline) {
    if (rootfs.disks().isEmpty()) {
      return rootfs;
    }
    Map<String, String> sources = new HashMap<>();
    List<Rootfs.Mount> storages = new ArrayList<>();
    plugging.lock();
    try {
      for (Rootfs.Disk disk : rootfs.disks()) {
        String address = addresses.get(disk.image());
        if (address == null) {
          address = vm.plugDisk(disk, deadline.remaining());
          addresses.put(disk.image(), address);
        }
        sources.put(disk.source(), address);
      }
      for (Rootfs.Mount mount : rootfs.storages()) {
        storages.add(
            mount
                .withSource(sources.getOrDefault(mount.source(), mount.source()))
                .tellingDriver(bring(modules.getOrDefault(mount.fstype(), List.of()))));
      }
    } finally {
      plugging.unlock();
    }
    return new Rootfs(rootfs.path(), List.of(), storages, rootfs.config(), rootfs.description());
  }

  /** Copies modules into the guest, once, and tells how its agent is told of them. */
  private List<String> bring(List<Path> files) {
    List<String> options = new ArrayList<>();
    for (Path file : files) {
      String path = AgentPaths.module(String.valueOf(file.getFileName()));
      if (copiedModules.add(path)) {
        copy(file, path);
      }
      options.add(AgentPaths.MODULE + path);
    }
    return options;
  }

  private void copy(Path file, String path) {
    try {
      link.client().files().copy(file, path, 0600);
    } catch (IOException e) {
      copiedModules.remove(path);
      throw new KataException(
          ErrorCode.GUEST_BUILD_FAILED,
          "kernel module " + file + " cannot be read: " + e.getMessage(),
          Details.none().withCause(e).withRemedy("Build the guest again: kata guest build"));
    }
  }
}
