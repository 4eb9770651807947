package io.katajava.agent.oci;

/** The capabilities of capabilities(7), in the order of their numbers. */
public enum OciCapability {
  /** {@code CAP_CHOWN}. */
  CHOWN,
  /** {@code CAP_DAC_OVERRIDE}. */
  DAC_OVERRIDE,
  /** {@code CAP_DAC_READ_SEARCH}. */
  DAC_READ_SEARCH,
  /** {@code CAP_FOWNER}. */
  FOWNER,
  /** {@code CAP_FSETID}. */
  FSETID,
  /** {@code CAP_KILL}. */
  KILL,
  /** {@code CAP_SETGID}. */
  SETGID,
  /** {@code CAP_SETUID}. */
  SETUID,
  /** {@code CAP_SETPCAP}. */
  SETPCAP,
  /** {@code CAP_LINUX_IMMUTABLE}. */
  LINUX_IMMUTABLE,
  /** {@code CAP_NET_BIND_SERVICE}. */
  NET_BIND_SERVICE,
  /** {@code CAP_NET_BROADCAST}. */
  NET_BROADCAST,
  /** {@code CAP_NET_ADMIN}. */
  NET_ADMIN,
  /** {@code CAP_NET_RAW}. */
  NET_RAW,
  /** {@code CAP_IPC_LOCK}. */
  IPC_LOCK,
  /** {@code CAP_IPC_OWNER}. */
  IPC_OWNER,
  /** {@code CAP_SYS_MODULE}. */
  SYS_MODULE,
  /** {@code CAP_SYS_RAWIO}. */
  SYS_RAWIO,
  /** {@code CAP_SYS_CHROOT}. */
  SYS_CHROOT,
  /** {@code CAP_SYS_PTRACE}. */
  SYS_PTRACE,
  /** {@code CAP_SYS_PACCT}. */
  SYS_PACCT,
  /** {@code CAP_SYS_ADMIN}. */
  SYS_ADMIN,
  /** {@code CAP_SYS_BOOT}. */
  SYS_BOOT,
  /** {@code CAP_SYS_NICE}. */
  SYS_NICE,
  /** {@code CAP_SYS_RESOURCE}. */
  SYS_RESOURCE,
  /** {@code CAP_SYS_TIME}. */
  SYS_TIME,
  /** {@code CAP_SYS_TTY_CONFIG}. */
  SYS_TTY_CONFIG,
  /** {@code CAP_MKNOD}. */
  MKNOD,
  /** {@code CAP_LEASE}. */
  LEASE,
  /** {@code CAP_AUDIT_WRITE}. */
  AUDIT_WRITE,
  /** {@code CAP_AUDIT_CONTROL}. */
  AUDIT_CONTROL,
  /** {@code CAP_SETFCAP}. */
  SETFCAP,
  /** {@code CAP_MAC_OVERRIDE}. */
  MAC_OVERRIDE,
  /** {@code CAP_MAC_ADMIN}. */
  MAC_ADMIN,
  /** {@code CAP_SYSLOG}. */
  SYSLOG,
  /** {@code CAP_WAKE_ALARM}. */
  WAKE_ALARM,
  /** {@code CAP_BLOCK_SUSPEND}. */
  BLOCK_SUSPEND,
  /** {@code CAP_AUDIT_READ}. */
  AUDIT_READ,
  /** {@code CAP_PERFMON}. */
  PERFMON,
  /** {@code CAP_BPF}. */
  BPF,
  /** {@code CAP_CHECKPOINT_RESTORE}. */
  CHECKPOINT_RESTORE;

  /**
   * The name in the specification, for example {@code CAP_CHOWN}.
   *
   * @return the name with its prefix
   */
  public String wireName() {
    return "CAP_" + name();
  }
}
