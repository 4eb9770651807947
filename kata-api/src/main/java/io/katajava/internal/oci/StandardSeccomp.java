package io.katajava.internal.oci;

import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciSeccomp;
import io.katajava.agent.oci.OciSeccomp.Action;
import io.katajava.agent.oci.OciSeccomp.Argument;
import io.katajava.agent.oci.OciSeccomp.Operator;
import io.katajava.agent.oci.OciSeccomp.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The profile of containers that ask for none. The guest's kernel is ours and known, so what is
 * refused is named, by the manual's words on what each call is for.
 */
public final class StandardSeccomp {
  private static final int EPERM = 1;
  private static final int ENOSYS = 38;

  /** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
  private static final long NAMESPACES = 0x7E02_0000L;

  /** Calls that one capability is for. */
  private record Privileged(OciCapability capability, List<String> calls) {}

  private static final List<Privileged> PRIVILEGED =
      List.of(
          new Privileged(
              OciCapability.SYS_ADMIN,
              List.of(
                  "fanotify_init",
                  "fsconfig",
                  "fsmount",
                  "fsopen",
                  "fspick",
                  "lookup_dcookie",
                  "mount",
                  "mount_setattr",
                  "move_mount",
                  "open_tree",
                  "pivot_root",
                  "quotactl",
                  "quotactl_fd",
                  "setdomainname",
                  "sethostname",
                  "setns",
                  "swapoff",
                  "swapon",
                  "umount",
                  "umount2",
                  "unshare",
                  "vhangup")),
          new Privileged(
              OciCapability.SYS_BOOT, List.of("reboot", "kexec_load", "kexec_file_load")),
          new Privileged(
              OciCapability.SYS_MODULE,
              List.of("init_module", "finit_module", "delete_module", "create_module")),
          new Privileged(OciCapability.SYS_PACCT, List.of("acct")),
          new Privileged(
              OciCapability.SYS_PTRACE,
              List.of("kcmp", "pidfd_getfd", "process_vm_readv", "process_vm_writev")),
          new Privileged(OciCapability.SYS_RAWIO, List.of("iopl", "ioperm")),
          new Privileged(
              OciCapability.SYS_TIME,
              List.of(
                  "adjtimex",
                  "clock_adjtime",
                  "clock_adjtime64",
                  "clock_settime",
                  "clock_settime64",
                  "settimeofday",
                  "stime")),
          new Privileged(OciCapability.SYS_NICE, List.of("migrate_pages", "move_pages")),
          new Privileged(OciCapability.SYSLOG, List.of("syslog")),
          new Privileged(OciCapability.DAC_READ_SEARCH, List.of("open_by_handle_at")),
          new Privileged(OciCapability.BPF, List.of("bpf")),
          new Privileged(OciCapability.PERFMON, List.of("perf_event_open")));

  /** Keys are not in a namespace; the others are obsolete, or a way in and no use. */
  private static final List<String> NEVER =
      List.of(
          "add_key",
          "keyctl",
          "request_key",
          "userfaultfd",
          "io_uring_setup",
          "io_uring_enter",
          "io_uring_register",
          "nfsservctl",
          "_sysctl",
          "sysfs",
          "uselib",
          "ustat",
          "vm86",
          "vm86old",
          "get_kernel_syms",
          "query_module");

  private StandardSeccomp() {}

  /**
   * Makes the profile.
   *
   * @param capabilities what the processes can gain at most
   * @return the filter
   */
  public static OciSeccomp profile(Set<OciCapability> capabilities) {
    boolean admin = capabilities.contains(OciCapability.SYS_ADMIN);
    List<String> refused = new ArrayList<>(NEVER);
    for (Privileged privileged : PRIVILEGED) {
      boolean given = capabilities.contains(privileged.capability());
      // SYS_ADMIN stood for these two before they got capabilities of their own.
      boolean older =
          admin
              && (privileged.capability() == OciCapability.BPF
                  || privileged.capability() == OciCapability.PERFMON
                  || privileged.capability() == OciCapability.SYSLOG);
      if (!given && !older) {
        refused.addAll(privileged.calls());
      }
    }
    List<Rule> rules = new ArrayList<>();
    rules.add(new Rule(refused, Action.ERRNO, Optional.of(EPERM), List.of()));
    if (!admin) {
      // Namespaces by clone: any of the bits set, one rule each, as a mask compares for equality.
      for (long bit = 1; bit <= NAMESPACES; bit <<= 1) {
        if ((NAMESPACES & bit) != 0) {
          rules.add(
              new Rule(
                  List.of("clone"),
                  Action.ERRNO,
                  Optional.of(EPERM),
                  List.of(new Argument(0, bit, bit, Operator.MASKED_EQ))));
        }
      }
      rules.add(new Rule(List.of("clone3"), Action.ERRNO, Optional.of(ENOSYS), List.of()));
    }
    return new OciSeccomp(Action.ALLOW, List.of(), List.of(), rules);
  }
}
