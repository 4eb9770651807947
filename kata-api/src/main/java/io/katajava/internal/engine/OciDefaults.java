package io.katajava.internal.engine;

import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciMount;
import java.util.List;
import java.util.Set;

/**
 * What a container gets unless it asks for something else: Kata's usual OCI defaults, the same as
 * those of the common container engines.
 */
final class OciDefaults {
  /** Where programs are looked up when the image does not say. */
  static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /** Capabilities of a container's processes. */
  static final Set<OciCapability> CAPABILITIES =
      Set.of(
          OciCapability.AUDIT_WRITE,
          OciCapability.CHOWN,
          OciCapability.DAC_OVERRIDE,
          OciCapability.FOWNER,
          OciCapability.FSETID,
          OciCapability.KILL,
          OciCapability.MKNOD,
          OciCapability.NET_BIND_SERVICE,
          OciCapability.NET_RAW,
          OciCapability.SETFCAP,
          OciCapability.SETGID,
          OciCapability.SETPCAP,
          OciCapability.SETUID,
          OciCapability.SYS_CHROOT);

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

  /** Paths that say too much about, or do too much to, the guest's kernel. */
  static final List<String> MASKED_PATHS =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/devices/virtual/powercap",
          "/sys/firmware");

  /** Paths that may be looked at but not written. */
  static final List<String> READONLY_PATHS =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private OciDefaults() {}
}
