package io.katajava.agent;

/**
 * Ports of raw standard streams, for agents with a stream listener ({@code
 * agent.passfd_listener_port}): the host's source ports of connections it made there.
 *
 * @param stdin 0 for WriteStdin
 * @param stdout 0 for ReadStdout
 * @param stderr 0 for ReadStderr
 */
public record StreamPorts(int stdin, int stdout, int stderr) {
  /** All three streams go through calls. */
  public static final StreamPorts NONE = new StreamPorts(0, 0, 0);
}
