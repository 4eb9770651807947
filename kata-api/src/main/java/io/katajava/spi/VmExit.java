package io.katajava.spi;

/**
 * The end of a hypervisor's process.
 *
 * @param status exit status; 128 + signal number when a signal ended it, as {@link
 *     Process#exitValue()} reports it; {@link #UNKNOWN} of a process that this JVM did not start
 * @param reason what led to it when that is known (guest shutdown, quit, killed by us, crash), a
 *     clause
 */
public record VmExit(int status, String reason) {
  /** The kernel tells the status of a process to its parent only. */
  public static final int UNKNOWN = -1;
}
