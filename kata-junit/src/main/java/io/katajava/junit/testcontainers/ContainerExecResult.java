package io.katajava.junit.testcontainers;

/**
 * How a command in a container ended. The methods are called as those of Testcontainers' own type,
 * which only it can make.
 *
 * @param exitCode the exit code; 128 and the signal for a command that a signal ended, 127 for one
 *     that is not there
 * @param stdout its standard output as UTF-8
 * @param stderr its standard error as UTF-8; why it could not be started, if it could not
 */
public record ContainerExecResult(int exitCode, String stdout, String stderr) {

  /**
   * The exit code.
   *
   * @return as {@link #exitCode()}
   */
  public int getExitCode() {
    return exitCode;
  }

  /**
   * The standard output.
   *
   * @return as {@link #stdout()}
   */
  public String getStdout() {
    return stdout;
  }

  /**
   * The standard error.
   *
   * @return as {@link #stderr()}
   */
  public String getStderr() {
    return stderr;
  }
}
