package io.katajava.internal.sandbox;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.StartPhase;
import io.katajava.internal.link.GuestSession;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a hypervisor throws, as whoever asked a sandbox or a template is told of it. */
public final class MachineFailures {
  private static final String REMEDY = "Close the sandbox and start another";

  private MachineFailures() {}

  /**
   * A failure that says what was attempted. What the hypervisor says of it is kept; one that throws
   * something of its own is not known to be well.
   *
   * @param attempt what was attempted, a clause after "could not"
   */
  public static KataException of(String attempt, GuestSession session, RuntimeException failure) {
    ErrorCode usual = session.link().isOpen() ? ErrorCode.VM_UNRESPONSIVE : ErrorCode.VM_EXITED;
    return of(attempt, usual, REMEDY, Details.none().withSandbox(session.id()), failure);
  }

  /** A failure to build a template, which is a start that nobody gets a sandbox of. */
  public static KataException ofTemplate(@Nullable StartPhase stage, RuntimeException failure) {
    if (failure instanceof KataException known && known.stage().isPresent()) {
      return known;
    }
    Details details = stage == null ? Details.none() : Details.none().withStage(stage);
    return of(
        "build a template",
        ErrorCode.VM_START_FAILED,
        "Start sandboxes with BirthPolicy.COLD, which needs none",
        details,
        failure);
  }

  private static KataException of(
      String attempt,
      ErrorCode usual,
      String usualRemedy,
      Details details,
      RuntimeException failure) {
    ErrorCode code = usual;
    String said = String.valueOf(failure.getMessage());
    Optional<String> remedy = Optional.of(usualRemedy);
    if (failure instanceof KataException known) {
      code = known.code();
      remedy = known.remedy();
      // The constructor appended it, and does so again.
      String appended = remedy.map(text -> ". " + text).orElse("");
      if (said.endsWith(appended)) {
        said = said.substring(0, said.length() - appended.length());
      }
    }
    return new KataException(
        code,
        "could not " + attempt + ": " + said,
        remedy.map(details::withRemedy).orElse(details).withCause(failure));
  }
}
