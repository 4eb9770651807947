package io.katajava;

import java.util.Locale;

/** The named steps from {@code start()} to the first byte of output, in order. */
public enum StartPhase {
  /** State directory and ledger entry are made, accelerator and host features looked at. */
  HOST,
  /** Kernel and initrd are found or built. */
  GUEST,
  /** The hypervisor's process is spawned. */
  VM_PROCESS,
  /** The hypervisor's control connection is up and negotiated. */
  QMP,
  /** Firmware, kernel and init run until the agent answers the host's greeting. */
  BOOT,
  /** The agent's health and version are checked. */
  AGENT,
  /** The agent sets up the sandbox (hostname, shared namespaces, storages). */
  SANDBOX,
  /** The container's root filesystem is made ready. */
  ROOTFS,
  /** The container's first process is created and started. */
  CONTAINER,
  /** A command runs until its first byte of output. */
  FIRST_OUTPUT;

  /**
   * The phase's name in tables and traces, for example {@code vm-process}.
   *
   * @return lower-case name with hyphens
   */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
