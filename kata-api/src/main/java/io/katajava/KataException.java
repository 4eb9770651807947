package io.katajava;

import io.katajava.base.text.PrintableText;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The base class of all exceptions that this library throws for reasons outside the caller's code.
 *
 * <p>The message says what was attempted, on what, why it failed and what to do. It may quote what
 * a guest, QEMU or a registry said: what is not printable in it is escaped.
 */
public class KataException extends RuntimeException {
  private final ErrorCode code;
  private final @Nullable StartPhase stage;
  private final @Nullable String sandboxId;
  private final @Nullable String remedy;

  /**
   * Makes an exception.
   *
   * @param code what went wrong
   * @param message what was attempted, on what, and why it failed
   * @param details stage, sandbox, remedy and cause; {@link Details#none()} when there are none
   */
  public KataException(ErrorCode code, String message, Details details) {
    super(
        PrintableText.lines(details.remedy == null ? message : message + ". " + details.remedy),
        details.cause);
    this.code = code;
    this.stage = details.stage;
    this.sandboxId = details.sandboxId;
    this.remedy = details.remedy;
  }

  /**
   * Makes an exception without further details.
   *
   * @param code what went wrong
   * @param message what was attempted, on what, and why it failed
   */
  public KataException(ErrorCode code, String message) {
    this(code, message, Details.none());
  }

  /**
   * Makes an exception with a cause.
   *
   * @param code what went wrong
   * @param message what was attempted, on what, and why it failed
   * @param cause the reason
   */
  public KataException(ErrorCode code, String message, Throwable cause) {
    this(code, message, Details.none().withCause(cause));
  }

  /**
   * What went wrong, by its stable name.
   *
   * @return the code
   */
  public ErrorCode code() {
    return code;
  }

  /**
   * The phase of the start that failed, when it was a start.
   *
   * @return the phase
   */
  public Optional<StartPhase> stage() {
    return Optional.ofNullable(stage);
  }

  /**
   * The sandbox it is about, when there is one.
   *
   * @return the sandbox's id
   */
  public Optional<String> sandboxId() {
    return Optional.ofNullable(sandboxId);
  }

  /**
   * What to do about it, when we know.
   *
   * @return a sentence
   */
  public Optional<String> remedy() {
    return Optional.ofNullable(remedy);
  }

  /**
   * What an exception carries besides code and message.
   *
   * @param stage the failed phase of a start
   * @param sandboxId the sandbox's id
   * @param remedy what to do, a sentence without the final stop
   * @param cause the reason
   */
  public record Details(
      @Nullable StartPhase stage,
      @Nullable String sandboxId,
      @Nullable String remedy,
      @Nullable Throwable cause) {

    private static final Details NONE = new Details(null, null, null, null);

    /**
     * Nothing more to say.
     *
     * @return empty details
     */
    public static Details none() {
      return NONE;
    }

    /**
     * Adds the phase.
     *
     * @param stage the failed phase
     * @return new details
     */
    public Details withStage(StartPhase stage) {
      return new Details(stage, sandboxId, remedy, cause);
    }

    /**
     * Adds the sandbox.
     *
     * @param sandboxId its id
     * @return new details
     */
    public Details withSandbox(String sandboxId) {
      return new Details(stage, sandboxId, remedy, cause);
    }

    /**
     * Adds the remedy.
     *
     * @param remedy what to do
     * @return new details
     */
    public Details withRemedy(String remedy) {
      return new Details(stage, sandboxId, remedy, cause);
    }

    /**
     * Adds the reason.
     *
     * @param cause the reason
     * @return new details
     */
    public Details withCause(Throwable cause) {
      return new Details(stage, sandboxId, remedy, cause);
    }
  }
}
