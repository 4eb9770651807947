package io.katajava.internal.host;

import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.warned;

import io.katajava.HostFinding;
import io.katajava.MemorySize;
import io.katajava.spi.HostView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The user, the cgroups and the memory. */
final class SystemCheck {
  static final String GROUP = "host";

  /** A default guest and QEMU itself, twice. */
  private static final MemorySize COMFORTABLE = MemorySize.mebibytes(768);

  private SystemCheck() {}

  static List<HostFinding> run(HostView host) {
    return List.of(user(System.getProperty("user.name", "unknown")), cgroups(host), memory(host));
  }

  private static HostFinding user(String name) {
    return passed(
        GROUP,
        "user",
        name.equals("root")
            ? "root; QEMU gets an unprivileged user id of its own"
            : name + ", rootless; QEMU runs as the same user");
  }

  static HostFinding cgroups(HostView host) {
    Path top = host.path("/sys/fs/cgroup");
    if (Files.exists(top.resolve("cgroup.controllers"))) {
      return passed(GROUP, "cgroups", "version 2 at /sys/fs/cgroup" + delegation(host));
    }
    if (Files.isDirectory(top.resolve("memory")) || Files.isDirectory(top.resolve("unified"))) {
      return passed(
          GROUP, "cgroups", "version 1 at /sys/fs/cgroup; limits of containers are in the guest");
    }
    return warned(
        GROUP,
        "cgroups",
        "no cgroups are mounted at /sys/fs/cgroup, so QEMU's own use cannot be limited",
        "Mount them: mount -t cgroup2 none /sys/fs/cgroup");
  }

  private static String delegation(HostView host) {
    String own =
        host.text("/proc/self/cgroup")
            .flatMap(
                text ->
                    text.lines()
                        .filter(line -> line.startsWith("0::/"))
                        .map(line -> line.substring("0::/".length()))
                        .findFirst())
            .orElse("");
    Path group = host.path("/sys/fs/cgroup").resolve(own);
    return Files.isDirectory(group) && Files.isWritable(group)
        ? ", this user may make groups in /" + own
        : ", this user may not make groups";
  }

  static HostFinding memory(HostView host) {
    MemoryInfo memory = MemoryInfo.of(host);
    if (memory.available().compareTo(COMFORTABLE) >= 0) {
      return passed(
          GROUP,
          "memory",
          rounded(memory.available()) + " of " + rounded(memory.total()) + " are available");
    }
    return warned(
        GROUP,
        "memory",
        "only "
            + rounded(memory.available())
            + " of "
            + rounded(memory.total())
            + " are available; a default sandbox takes up to 256 MiB and QEMU itself some 100 MiB",
        "Free memory, or give sandboxes less with memory(...)");
  }

  /** To whole MiB, for people. */
  static MemorySize rounded(MemorySize size) {
    return MemorySize.mebibytes(size.bytes() >> 20);
  }
}
