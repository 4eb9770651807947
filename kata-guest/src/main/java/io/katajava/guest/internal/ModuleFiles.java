package io.katajava.guest.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Modules that few sandboxes need, kept beside the initrd instead of in it: 1.5 MB that every boot
 * would read. Each file is named by its content.
 */
final class ModuleFiles {
  private static final Logger log = LoggerFactory.getLogger(ModuleFiles.class);

  /**
   * Filesystems of volumes on disks, and what they ask the kernel for by name only, which no list
   * of dependencies tells: ext4 its checksum.
   */
  static final Map<String, List<String>> FILESYSTEMS =
      Map.of("ext4", List.of("crc32c_generic", "ext4"));

  private static final int DIGITS = 24;

  private final CacheDirectory cache;

  ModuleFiles(CacheDirectory cache) {
    this.cache = cache;
  }

  /**
   * Writes them.
   *
   * @param loaded paths of modules that are loaded at boot
   * @return files in the order they are loaded, by filesystem; nothing for one that is built in, or
   *     that this kernel does not have
   */
  Map<String, List<Path>> of(ModuleGraph graph, Set<String> loaded) throws IOException {
    Map<String, List<Path>> all = new TreeMap<>();
    for (Map.Entry<String, List<String>> filesystem : FILESYSTEMS.entrySet()) {
      String name = filesystem.getKey();
      if (graph.isBuiltin(name) || !graph.contains(name)) {
        continue;
      }
      try {
        Set<Path> files = new LinkedHashSet<>();
        for (String module : filesystem.getValue()) {
          if (!graph.contains(module)) {
            continue;
          }
          for (String file : graph.loadOrder(module)) {
            if (!loaded.contains(file)) {
              files.add(write(graph.directory().resolve(file)));
            }
          }
        }
        all.put(name, List.copyOf(files));
      } catch (IOException e) {
        log.warn("Sandboxes of this guest cannot use {}: {}", name, e.getMessage());
      }
    }
    return all;
  }

  private Path write(Path module) throws IOException {
    byte[] bytes = KernelModule.read(module);
    Path file =
        cache
            .path("modules")
            .resolve(
                Digests.of(bytes).substring(0, DIGITS)
                    + "-"
                    + KernelModule.nameOf(module.toString())
                    + ".ko");
    if (!Files.isRegularFile(file) || !isWhole(file)) {
      cache.writeBytes(file, bytes);
    }
    return file;
  }

  /** Whether a file has the content its name says. */
  static boolean isWhole(Path file) throws IOException {
    return Digests.of(file).startsWith(file.getFileName().toString().substring(0, DIGITS));
  }
}
