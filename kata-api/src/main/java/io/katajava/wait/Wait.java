package io.katajava.wait;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerLog;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;

/**
 * Factory methods for the usual wait strategies.
 *
 * <pre>{@code
 * sandbox.container("web").command("httpd", "-f", "-p", "8080")
 *     .waitingFor(Wait.forListeningPort(8080)).start();
 * }</pre>
 *
 * <p>All of them but {@link #forExit} fail at once when the container's first process has ended.
 */
public final class Wait {
  /** How long a wait takes unless told otherwise; generous, for hosts without KVM. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(2);

  private Wait() {}

  /**
   * Waits for a line of the container's log, one that is there already included. Event-driven:
   * nothing is polled. A line that comes counts even when the process ends right after it, and one
   * that has not ended yet, such as a prompt, counts half a second later.
   *
   * @param regex found anywhere in the line, see {@link java.util.regex.Matcher#find()}, of which
   *     its end is a part: {@code "ready\\n"} and {@code "ready\\s"} are found, {@code "ready$"}
   *     is, too. A dot matches everything. What switches colours may be left out of it
   * @return a strategy; the container must have been made with {@link ContainerBuilder#keepLog} or
   *     {@link ContainerBuilder#waitingFor}
   * @throws java.util.regex.PatternSyntaxException if it is no regular expression
   */
  public static WaitStrategy forLogMessage(String regex) {
    return forLogMessage(regex, 1);
  }

  /**
   * Waits for several lines of the container's log; see {@link #forLogMessage(String)}.
   *
   * @param regex found anywhere in a line
   * @param times how many such lines, at least 1
   * @return a strategy
   */
  public static WaitStrategy forLogMessage(String regex, int times) {
    return new LogWait(LinePattern.of(regex), "a line of its log like " + regex, times);
  }

  /**
   * Waits for lines of the container's log; see {@link #forLogMessage(String)}.
   *
   * @param line tells whether a line is meant; called on the library's workers, for one that has
   *     not ended yet again when it has grown, until the answer is yes
   * @param times how many such lines, at least 1
   * @return a strategy
   */
  public static WaitStrategy forLogLine(Predicate<ContainerLog.Line> line, int times) {
    return new LogWait(line, "a line of its log", times);
  }

  /**
   * Waits until TCP ports are listened at, on any address, as the guest's kernel has it for the
   * container's network namespace. Nothing is connected, no program of the container is needed, and
   * the ports need not be published.
   *
   * @param ports in the guest, at least one; all are waited for
   * @return a strategy
   * @throws IllegalArgumentException if there is none, or one is not 1 to 65535
   */
  public static WaitStrategy forListeningPort(int... ports) {
    return new PortWait(ports);
  }

  /**
   * Waits until {@code GET path} is answered with 200 at the sandbox's published port; {@link
   * HttpWait} has more to say about request and answer.
   *
   * @param path begins with a slash, may have a query
   * @return a strategy
   * @throws IllegalArgumentException if it does not
   */
  public static HttpWait forHttp(String path) {
    return HttpWait.of(path);
  }

  /**
   * Waits until a command of the container's shell exits with 0.
   *
   * @param command for {@code /bin/sh -c}
   * @return a strategy
   */
  public static WaitStrategy forSuccessfulCommand(String command) {
    return new CommandWait(List.of("/bin/sh", "-c", command));
  }

  /**
   * Waits until a command in the container exits with 0; no shell is involved.
   *
   * @param command program and arguments
   * @return a strategy
   * @throws IllegalArgumentException if it is empty
   */
  public static WaitStrategy forSuccessfulExec(String... command) {
    return new CommandWait(List.of(command));
  }

  /**
   * Waits until the container's health check succeeds: the one of its builder ({@link
   * ContainerBuilder#healthcheck}), else its image's. It runs as in Docker, with the container's
   * user, variables and working directory, but at once and in quick succession rather than at its
   * interval, so that what is ready is known early. The wait fails when Docker would call the
   * container unhealthy at the earliest: after the start period and as many intervals as there are
   * retries; this takes the place of {@link #DEFAULT_TIMEOUT}.
   *
   * @return a strategy; a container without health check fails it with {@link
   *     io.katajava.ErrorCode#INVALID_CONFIGURATION}
   */
  public static WaitStrategy forHealthcheck() {
    return new HealthcheckWait();
  }

  /**
   * Waits until the container's first process has ended with 0 and all of its output was kept, for
   * what runs once: a migration, an import.
   *
   * @return a strategy that fails at once when it ends otherwise
   */
  public static WaitStrategy forExit() {
    return new ExitWait();
  }

  /**
   * Waits until a condition holds, which is asked again and again; see {@link Waiting#poll}. For
   * what has an event write a {@link WaitStrategy}.
   *
   * @param what goes on after "waiting for", for people
   * @param condition tells whether the container is ready; what it throws means "not yet"
   * @return a strategy
   */
  public static WaitStrategy until(String what, Predicate<Container> condition) {
    return new ConditionWait(what, condition);
  }

  /**
   * Waits for all of these, one after the other.
   *
   * @param strategies at least one
   * @return a strategy
   * @throws IllegalArgumentException if there is none
   */
  public static WaitStrategy forAll(WaitStrategy... strategies) {
    return new AllWait(List.of(strategies));
  }

  /**
   * Waits for one of these, whichever is first.
   *
   * @param strategies at least one; each is run on a thread of its own, and interrupted when
   *     another was faster
   * @return a strategy that fails when all of them have failed
   * @throws IllegalArgumentException if there is none
   */
  public static WaitStrategy forAny(WaitStrategy... strategies) {
    return new AnyWait(List.of(strategies));
  }
}
