package io.katajava.agent.oci;

/**
 * A resource limit of a process. Maps to the protocol's {@code POSIXRlimit}.
 *
 * @param resource what is limited
 * @param soft the limit in force; {@link #UNLIMITED} for none
 * @param hard how far the process may raise it
 */
public record OciRlimit(Resource resource, long soft, long hard) {
  /** No limit: {@code RLIM_INFINITY}, all bits set. */
  public static final long UNLIMITED = -1;

  /**
   * Checks the limits.
   *
   * @throws IllegalArgumentException if one is negative and not {@link #UNLIMITED}
   */
  public OciRlimit {
    if (soft < UNLIMITED || hard < UNLIMITED) {
      throw new IllegalArgumentException(
          "a limit of " + resource + " is a number or -1 for none, got " + soft + " and " + hard);
    }
  }

  /** The resources of getrlimit(2). */
  public enum Resource {
    /** {@code RLIMIT_AS}. */
    AS,
    /** {@code RLIMIT_CORE}. */
    CORE,
    /** {@code RLIMIT_CPU}. */
    CPU,
    /** {@code RLIMIT_DATA}. */
    DATA,
    /** {@code RLIMIT_FSIZE}. */
    FSIZE,
    /** {@code RLIMIT_LOCKS}. */
    LOCKS,
    /** {@code RLIMIT_MEMLOCK}. */
    MEMLOCK,
    /** {@code RLIMIT_MSGQUEUE}. */
    MSGQUEUE,
    /** {@code RLIMIT_NICE}. */
    NICE,
    /** {@code RLIMIT_NOFILE}. */
    NOFILE,
    /** {@code RLIMIT_NPROC}. */
    NPROC,
    /** {@code RLIMIT_RSS}. */
    RSS,
    /** {@code RLIMIT_RTPRIO}. */
    RTPRIO,
    /** {@code RLIMIT_RTTIME}. */
    RTTIME,
    /** {@code RLIMIT_SIGPENDING}. */
    SIGPENDING,
    /** {@code RLIMIT_STACK}. */
    STACK;

    /**
     * The name in the specification, for example {@code RLIMIT_NOFILE}.
     *
     * @return the name with its prefix
     */
    public String wireName() {
      return "RLIMIT_" + name();
    }
  }
}
