package io.katajava;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** The result of a command that has ended: its outcome and its complete output. */
public final class ExecResult {
  private static final int QUOTED_OUTPUT = 2000;

  private final String sandboxId;
  private final List<String> command;
  private final ExecOutcome outcome;
  private final byte[] stdout;
  private final byte[] stderr;
  private final Duration duration;

  /**
   * Makes a result; the engine does, and tests may.
   *
   * @param sandboxId where it ran
   * @param command what ran
   * @param outcome how it ended
   * @param stdout all it wrote to its standard output; not copied
   * @param stderr all it wrote to its standard error; not copied
   * @param duration from the request to the end of its output
   */
  public ExecResult(
      String sandboxId,
      List<String> command,
      ExecOutcome outcome,
      byte[] stdout,
      byte[] stderr,
      Duration duration) {
    this.sandboxId = sandboxId;
    this.command = List.copyOf(command);
    this.outcome = outcome;
    this.stdout = stdout;
    this.stderr = stderr;
    this.duration = duration;
  }

  /**
   * What ran.
   *
   * @return program and arguments
   */
  public List<String> command() {
    return command;
  }

  /**
   * How it ended.
   *
   * @return the outcome
   */
  public ExecOutcome outcome() {
    return outcome;
  }

  /**
   * The outcome as a shell reports it; see {@link ExecOutcome#exitCode()}.
   *
   * @return 0 to 255
   */
  public int exitCode() {
    return outcome.exitCode();
  }

  /**
   * Tells whether the command ended by itself with code 0.
   *
   * @return whether it succeeded
   */
  public boolean isSuccess() {
    return outcome instanceof ExecOutcome.Exited exited && exited.code() == 0;
  }

  /**
   * All it wrote to its standard output.
   *
   * @return a copy of the bytes
   */
  public byte[] stdout() {
    return stdout.clone();
  }

  /**
   * All it wrote to its standard error.
   *
   * @return a copy of the bytes
   */
  public byte[] stderr() {
    return stderr.clone();
  }

  /**
   * Standard output as UTF-8 text; malformed bytes become U+FFFD.
   *
   * @return the text, with its line ends
   */
  public String stdoutText() {
    return new String(stdout, StandardCharsets.UTF_8);
  }

  /**
   * Standard error as UTF-8 text; malformed bytes become U+FFFD.
   *
   * @return the text, with its line ends
   */
  public String stderrText() {
    return new String(stderr, StandardCharsets.UTF_8);
  }

  /**
   * From the request to the end of its output.
   *
   * @return wall time on the host
   */
  public Duration duration() {
    return duration;
  }

  /**
   * Passes a success on and throws otherwise.
   *
   * @return this result
   * @throws ExecFailedException if the command did not end with code 0
   */
  public ExecResult orThrow() {
    if (isSuccess()) {
      return this;
    }
    String text = stderr.length > 0 ? stderrText() : stdoutText();
    String quoted =
        text.length() > QUOTED_OUTPUT ? "…" + text.substring(text.length() - QUOTED_OUTPUT) : text;
    throw new ExecFailedException(
        this,
        "command "
            + command
            + " in sandbox "
            + sandboxId
            + " "
            + outcome.describe()
            + (quoted.isBlank() ? "" : ", having written: " + quoted.strip()));
  }

  /**
   * Where it ran.
   *
   * @return the sandbox's id
   */
  public String sandboxId() {
    return sandboxId;
  }

  @Override
  public String toString() {
    return "ExecResult["
        + command
        + " "
        + outcome.describe()
        + ", stdout "
        + stdout.length
        + " bytes, stderr "
        + stderr.length
        + " bytes, "
        + duration.toMillis()
        + " ms]";
  }
}
