package io.katajava.compress;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory can still be had, beside what was promised to windows that are not filled yet.
 *
 * <p>Linux overcommits: an allocation succeeds, and whoever then fills it may be killed. So the
 * machine is asked, and every control group above this process, before a large window is opened.
 */
final class MemoryWatch {
  private static final MemoryWatch MACHINE = new MemoryWatch(Path.of("/"));

  /** Where control groups are, and how the figures are called: version 2, and version 1. */
  private enum Hierarchy {
    UNIFIED("sys/fs/cgroup", "", "memory.max", "memory.current", "inactive_file "),
    MEMORY(
        "sys/fs/cgroup/memory",
        "memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file ");

    private final String mount;
    private final String controller;
    private final String limit;
    private final String used;
    private final String inactive;

    Hierarchy(String mount, String controller, String limit, String used, String inactive) {
      this.mount = mount;
      this.controller = controller;
      this.limit = limit;
      this.used = used;
      this.inactive = inactive;
    }
  }

  private final Path root;
  private final AtomicLong promised = new AtomicLong();

  MemoryWatch(Path root) {
    this.root = root;
  }

  static MemoryWatch ofThisMachine() {
    return MACHINE;
  }

  /**
   * Promises memory to be given back by {@link #release}.
   *
   * @return the bytes that are available when that is less than asked for, else -1
   */
  long promise(long bytes) {
    long others = promised.getAndAdd(bytes);
    long available = available() - others;
    if (bytes <= available) {
      return -1;
    }
    promised.addAndGet(-bytes);
    return Math.max(0, available);
  }

  /** What was promised is in use now, so that the machine counts it itself, or is not wanted. */
  void release(long bytes) {
    promised.addAndGet(-bytes);
  }

  long promised() {
    return promised.get();
  }

  /** In bytes; without any figure nothing is held up. */
  private long available() {
    long least = ofMachine();
    for (Hierarchy hierarchy : Hierarchy.values()) {
      Path top = root.resolve(hierarchy.mount);
      Path group = group(hierarchy, top);
      while (group != null && group.startsWith(top)) {
        least = Math.min(least, ofGroup(hierarchy, group));
        group = group.getParent();
      }
    }
    return least;
  }

  private long ofMachine() {
    for (String line : lines(root.resolve("proc/meminfo"))) {
      if (line.startsWith("MemAvailable:")) {
        return number(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    return Long.MAX_VALUE;
  }

  /** In a container the path is often that of the host, and what is mounted is its own group. */
  private Path group(Hierarchy hierarchy, Path top) {
    for (String line : lines(root.resolve("proc/self/cgroup"))) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && List.of(parts[1].split(",", -1)).contains(hierarchy.controller)) {
        return top.resolve(parts[2].replaceFirst("^/+", "")).normalize();
      }
    }
    return top;
  }

  /** Its limit less what it uses; cached files that were not read twice make way. */
  private static long ofGroup(Hierarchy hierarchy, Path group) {
    List<String> limit = lines(group.resolve(hierarchy.limit));
    List<String> used = lines(group.resolve(hierarchy.used));
    if (limit.isEmpty() || used.isEmpty() || limit.get(0).equals("max")) {
      return Long.MAX_VALUE;
    }
    long cached = 0;
    for (String line : lines(group.resolve("memory.stat"))) {
      if (line.startsWith(hierarchy.inactive)) {
        cached = number(line.substring(hierarchy.inactive.length()));
      }
    }
    return Math.max(0, number(limit.get(0)) - number(used.get(0)) + cached);
  }

  private static long number(String digits) {
    try {
      return Long.parseLong(digits.strip());
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      // Not Linux, or not to be seen from here: then there is no figure.
      return List.of();
    }
  }
}
