package io.katajava;

import io.katajava.agent.oci.OciCapabilities;
import io.katajava.agent.oci.OciCapability;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The privileges of a container's processes inside the guest. The machine is the boundary to the
 * host; this is the one between containers, and between a container and the guest's kernel.
 *
 * @param capabilities the capability sets of its processes
 * @param noNewPrivileges whether executing a program can gain no privileges
 * @param seccomp the filter of system calls
 * @param maskedPaths paths that cannot be looked into
 * @param readonlyPaths paths that cannot be written
 */
public record ContainerSecurity(
    OciCapabilities capabilities,
    boolean noNewPrivileges,
    Seccomp seccomp,
    List<String> maskedPaths,
    List<String> readonlyPaths) {

  /** The capabilities of the common container engines. */
  public static final Set<OciCapability> DEFAULT_CAPABILITIES =
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

  /** Paths that say too much about, or do too much to, the guest's kernel. */
  public static final List<String> DEFAULT_MASKED_PATHS =
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
  public static final List<String> DEFAULT_READONLY_PATHS =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  /** What a container gets that asks for nothing. */
  public static final ContainerSecurity DEFAULT = builder().build();

  /** Copies the lists. */
  public ContainerSecurity {
    maskedPaths = List.copyOf(maskedPaths);
    readonlyPaths = List.copyOf(readonlyPaths);
  }

  /**
   * Begins with the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Describes security settings. Not safe for several threads. */
  public static final class Builder {
    private final Set<OciCapability> capabilities = EnumSet.copyOf(DEFAULT_CAPABILITIES);
    private @Nullable OciCapabilities sets;
    private boolean noNewPrivileges = true;
    private Seccomp seccomp = Seccomp.standard();
    private final List<String> maskedPaths = new ArrayList<>(DEFAULT_MASKED_PATHS);
    private final List<String> readonlyPaths = new ArrayList<>(DEFAULT_READONLY_PATHS);

    private Builder() {}

    /**
     * Adds capabilities to the bounding, effective and permitted sets.
     *
     * @param more the capabilities
     * @return this
     */
    public Builder addCapabilities(OciCapability... more) {
      capabilities.addAll(List.of(more));
      return this;
    }

    /**
     * Takes capabilities out of all sets.
     *
     * @param fewer the capabilities
     * @return this
     */
    public Builder dropCapabilities(OciCapability... fewer) {
      capabilities.removeAll(List.of(fewer));
      return this;
    }

    /**
     * Takes every capability away that was not added after this call.
     *
     * @return this
     */
    public Builder dropAllCapabilities() {
      capabilities.clear();
      return this;
    }

    /**
     * Sets the five sets one by one, instead of adding and dropping.
     *
     * @param sets the sets
     * @return this
     */
    public Builder capabilities(OciCapabilities sets) {
      this.sets = sets;
      return this;
    }

    /**
     * Says whether executing a program can gain no privileges ({@code no_new_privs}). Default:
     * true.
     *
     * @param noNewPrivileges false lets set-user-id programs work
     * @return this
     */
    public Builder noNewPrivileges(boolean noNewPrivileges) {
      this.noNewPrivileges = noNewPrivileges;
      return this;
    }

    /**
     * Sets the filter of system calls. Default: {@link Seccomp#standard()}.
     *
     * @param seccomp the filter
     * @return this
     */
    public Builder seccomp(Seccomp seccomp) {
      this.seccomp = seccomp;
      return this;
    }

    /**
     * Hides a path: a file reads as empty, a directory as empty and closed. One that is not there
     * is no error.
     *
     * @param path absolute path in the container
     * @return this
     */
    public Builder maskedPath(String path) {
      maskedPaths.add(Checks.absolute("masked path", path));
      return this;
    }

    /**
     * Makes a path read-only. One that is not there is no error.
     *
     * @param path absolute path in the container
     * @return this
     */
    public Builder readonlyPath(String path) {
      readonlyPaths.add(Checks.absolute("read-only path", path));
      return this;
    }

    /**
     * Forgets the masked and read-only paths there are, the defaults included.
     *
     * @return this
     */
    public Builder clearProtectedPaths() {
      maskedPaths.clear();
      readonlyPaths.clear();
      return this;
    }

    /**
     * Makes the settings.
     *
     * @return immutable settings
     */
    public ContainerSecurity build() {
      return new ContainerSecurity(
          Optional.ofNullable(sets).orElseGet(() -> OciCapabilities.of(capabilities)),
          noNewPrivileges,
          seccomp,
          maskedPaths,
          readonlyPaths);
    }
  }
}
