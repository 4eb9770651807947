package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.KataException;
import java.nio.charset.Charset;
import org.testcontainers.containers.ExecConfig;

/**
 * How a command in a container ended. The methods are called as those of Testcontainers' own type,
 * which only it can make.
 *
 * @param exitCode the exit code; 128 and the signal for a command that a signal ended, 127 for one
 *     that is not there
 * @param stdout its standard output
 * @param stderr its standard error; why it could not be started, if it could not
 */
public record ContainerExecResult(int exitCode, String stdout, String stderr) {

  static ContainerExecResult of(Container container, ExecSpec command, Charset charset)
      throws InterruptedException {
    try {
      ExecResult result = container.exec(command);
      String error =
          result.outcome() instanceof ExecOutcome.NotStarted notStarted
              ? notStarted.message()
              : new String(result.stderr(), charset);
      return new ContainerExecResult(
          result.exitCode(), new String(result.stdout(), charset), error);
    } catch (KataException e) {
      if (e.code() == ErrorCode.INTERRUPTED && Thread.interrupted()) {
        InterruptedException interrupted = new InterruptedException(e.getMessage());
        interrupted.initCause(e);
        throw interrupted;
      }
      throw e;
    }
  }

  static ExecSpec spec(ExecConfig config) {
    ExecSpec.Builder spec = ExecSpec.command(config.getCommand());
    if (config.getUser() != null) {
      spec.user(config.getUser());
    }
    if (config.getWorkDir() != null) {
      spec.workdir(config.getWorkDir());
    }
    if (config.getEnvVars() != null) {
      config.getEnvVars().forEach(spec::env);
    }
    return spec.build();
  }

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
