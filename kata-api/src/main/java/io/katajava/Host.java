package io.katajava;

import io.katajava.internal.host.EnvironmentReport;
import io.katajava.internal.host.HostRun;

/**
 * The host: whether it can run sandboxes, and what they would use.
 *
 * <pre>{@code
 * HostReport report = Host.check();
 * if (report.verdict() == HostReport.Verdict.NOT_USABLE) {
 *   report.findings().forEach(System.err::println);
 * }
 * }</pre>
 *
 * <p>Looking changes nothing on the host but this library's own cache (what a hypervisor's binary
 * can do is asked once), needs no privilege and, unless {@link
 * HostCheckOptions.Builder#networkChecks} allows it, no network.
 */
public final class Host {
  private Host() {}

  /**
   * Checks the host this runs on: processor, kernel modules, devices and directories, and what the
   * modules on the class path add about hypervisor and guest.
   *
   * @return the findings
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted
   */
  public static HostReport check() {
    return check(HostCheckOptions.builder().build());
  }

  /**
   * Checks a host.
   *
   * @param options where and how to look
   * @return the findings
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted
   */
  public static HostReport check(HostCheckOptions options) {
    return new HostRun(options).check();
  }

  /**
   * Describes the host this runs on and what a sandbox would use.
   *
   * @return the description
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted
   */
  public static HostEnvironment environment() {
    return environment(HostCheckOptions.builder().build());
  }

  /**
   * Describes a host.
   *
   * @param options where and how to look
   * @return the description
   * @throws KataException with {@link ErrorCode#INTERRUPTED} when the thread is interrupted
   */
  public static HostEnvironment environment(HostCheckOptions options) {
    return new EnvironmentReport(new HostRun(options)).make();
  }
}
