package io.katajava;

/** Thrown when a command could not be started: it never ran. */
public final class CommandNotStartedException extends KataException {
  private final transient ExecOutcome.NotStarted outcome;

  /**
   * Makes the exception.
   *
   * @param outcome the reason
   * @param message what was attempted, on what, and why it failed
   * @param details sandbox, remedy, cause
   */
  public CommandNotStartedException(
      ExecOutcome.NotStarted outcome, String message, Details details) {
    super(ErrorCode.COMMAND_NOT_STARTED, message, details);
    this.outcome = outcome;
  }

  /**
   * The reason, as an outcome.
   *
   * @return kind, errno and message
   */
  public ExecOutcome.NotStarted outcome() {
    return outcome;
  }
}
