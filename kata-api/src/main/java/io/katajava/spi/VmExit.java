package io.katajava.spi;

/**
 * How a hypervisor's process ended.
 *
 * @param status exit status; 128 + signal number when a signal ended it, as {@link
 *     Process#exitValue()} reports it
 * @param reason what led to it when that is known (guest shutdown, quit, killed by us, crash), a
 *     clause
 */
public record VmExit(int status, String reason) {}
