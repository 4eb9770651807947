package io.katajava.guest.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel modules of an initrd: which files, and the list the agent loads them by.
 *
 * <p>{@code /lib/modules/load} has one line per file: {@code boot <path>} to be loaded at once, in
 * order, and {@code lazy <name> <path>} to be loaded, in order, when {@code name} is wanted. {@code
 * builtin <name>} tells that nothing has to be loaded for {@code name}.
 */
final class GuestModules {
  private static final Logger log = LoggerFactory.getLogger(GuestModules.class);

  /** Without these the agent cannot be reached. */
  static final List<String> BOOT = List.of("virtio_pci", "virtio_console");

  /**
   * What sandboxes commonly use; about 2 MB, or 20 ms of a boot under TCG. What is rarely used is
   * for {@code GuestBuilder.module}: that of SCSI disks and nvdimms would be as much again.
   */
  static final List<String> LAZY =
      List.of(
          "overlay",
          "squashfs",
          "erofs",
          "virtiofs",
          "9p",
          "9pnet_virtio",
          "loop",
          "virtio_blk",
          "virtio_net",
          "virtio_balloon",
          "virtio_mem",
          "virtio_rng",
          "virtio_mmio",
          "vmgenid",
          "vmw_vsock_virtio_transport");

  private final ModuleGraph graph;
  private final String release;
  private final Set<String> files = new LinkedHashSet<>();
  private final StringBuilder list = new StringBuilder();
  private int missing;

  private GuestModules(ModuleGraph graph, String release) {
    this.graph = graph;
    this.release = release;
  }

  /**
   * Selects.
   *
   * @param extra wanted besides {@link #LAZY}
   * @throws Unusable when the kernel is without a module of {@link #BOOT} or {@code extra}
   */
  static GuestModules select(ModuleGraph graph, String release, List<String> extra)
      throws Unusable, IOException {
    GuestModules modules = new GuestModules(graph, release);
    for (String name : BOOT) {
      modules.boot(name);
    }
    for (String name : LAZY) {
      if (graph.isBuiltin(name)) {
        modules.builtin(name);
      } else if (graph.contains(name)) {
        modules.lazyIfWhole(name);
      }
    }
    for (String name : extra) {
      if (LAZY.contains(name) && (graph.isBuiltin(name) || graph.contains(name))) {
        continue;
      }
      if (graph.isBuiltin(name)) {
        modules.builtin(name);
        continue;
      }
      try {
        modules.lazy(name);
      } catch (IOException e) {
        throw new Unusable(e.getMessage() == null ? name : e.getMessage());
      }
    }
    return modules;
  }

  /** Guest path, without leading slash, to the file on the host. */
  Map<String, Path> files() {
    Map<String, Path> all = new LinkedHashMap<>();
    for (String file : files) {
      all.put(guestPath(file), graph.directory().resolve(file));
    }
    return all;
  }

  String list() {
    return list.toString();
  }

  /** Those that are loaded at boot, by their paths below the kernel's directory. */
  Set<String> loadedAtBoot() {
    Set<String> loaded = new LinkedHashSet<>(files);
    loaded.removeIf(file -> list.indexOf("boot /" + guestPath(file) + "\n") < 0);
    return loaded;
  }

  int missing() {
    return missing;
  }

  private void boot(String name) throws Unusable, IOException {
    if (!graph.isBuiltin(name) && !graph.contains(name)) {
      throw new Unusable(
          "its kernel "
              + release
              + " has "
              + name
              + " neither built in nor in "
              + graph.directory());
    }
    for (String file : graph.loadOrder(name)) {
      if (files.add(file)) {
        list.append("boot /").append(guestPath(file)).append('\n');
      }
    }
  }

  private void builtin(String name) {
    list.append("builtin ").append(name).append('\n');
  }

  private void lazyIfWhole(String name) {
    try {
      lazy(name);
    } catch (IOException e) {
      missing++;
      log.warn("Module {} is left out of the initrd: {}", name, e.getMessage());
    }
  }

  private void lazy(String name) throws IOException {
    for (String file : graph.loadOrder(name)) {
      // What boot loads is there already; what two lazy modules share is listed for both.
      if (list.indexOf("boot /" + guestPath(file) + "\n") < 0) {
        files.add(file);
        list.append("lazy ").append(name).append(" /").append(guestPath(file)).append('\n');
      }
    }
  }

  private String guestPath(String file) {
    return "lib/modules/" + release + "/" + KernelModule.plainPath(file);
  }
}
