package io.katajava;

/** Thrown when a command did not succeed and the caller asked for an exception in that case. */
public final class ExecFailedException extends KataException {
  private final transient ExecResult result;

  ExecFailedException(ExecResult result, String message) {
    super(
        result.outcome() instanceof ExecOutcome.NotStarted
            ? ErrorCode.COMMAND_NOT_STARTED
            : ErrorCode.COMMAND_FAILED,
        message,
        Details.none().withSandbox(result.sandboxId()));
    this.result = result;
  }

  /**
   * The whole result, output included.
   *
   * @return the result
   */
  public ExecResult result() {
    return result;
  }
}
