package io.katajava.internal.engine;

import io.katajava.Deadline;
import io.katajava.spi.Rootfs;
import io.katajava.spi.VirtualMachine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The read-only disks of a sandbox, each plugged once however many containers use it. They stay
 * until the sandbox ends: a guest takes seconds to give one back, and the next container is likely
 * to want it again.
 */
final class SandboxDisks {
  private final VirtualMachine vm;
  private final ReentrantLock plugging = new ReentrantLock();
  private final Map<Path, String> addresses = new HashMap<>();

  SandboxDisks(VirtualMachine vm) {
    this.vm = vm;
  }

  /** Plugs what a root filesystem needs; its storages then have addresses of the guest. */
  Rootfs plug(Rootfs rootfs, Deadline deadline) {
    if (rootfs.disks().isEmpty()) {
      return rootfs;
    }
    Map<String, String> sources = new HashMap<>();
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
    } finally {
      plugging.unlock();
    }
    List<Rootfs.Mount> storages = new ArrayList<>();
    for (Rootfs.Mount mount : rootfs.storages()) {
      storages.add(mount.withSource(sources.getOrDefault(mount.source(), mount.source())));
    }
    return new Rootfs(rootfs.path(), List.of(), storages, rootfs.config(), rootfs.description());
  }
}
