package io.katajava.internal.container;

import io.katajava.agent.oci.OciMount;
import java.util.List;

/**
 * What a container gets unless it asks for something else: Kata's usual OCI defaults, the same as
 * those of the common container engines.
 */
final class OciDefaults {
  /** Where programs are looked up when the image does not say. */
  static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /** The container's own filesystems. */
  static final List<OciMount> MOUNTS =
      List.of(
          OciMount.of("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
          OciMount.of("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
          OciMount.of(
              "/dev/pts",
              "devpts",
              "devpts",
              "nosuid",
              "noexec",
              "newinstance",
              "ptmxmode=0666",
              "mode=0620",
              "gid=5"),
          OciMount.of(
              "/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
          OciMount.of("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
          OciMount.of("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
          OciMount.of(
              "/sys/fs/cgroup",
              "cgroup2",
              "cgroup",
              "nosuid",
              "noexec",
              "nodev",
              "relatime",
              "ro"));

  private OciDefaults() {}
}
