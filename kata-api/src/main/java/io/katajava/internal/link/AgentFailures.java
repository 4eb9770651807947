package io.katajava.internal.link;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.agent.AgentException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Turns what the agent refuses into this library's exceptions and outcomes. */
public final class AgentFailures {
  /** Our agent's words for a program that could not be executed: {@code exec: ENOENT: PATH}. */
  private static final Pattern EXEC = Pattern.compile("exec: ([A-Z0-9]+): (.*)", Pattern.DOTALL);

  /** What other agents say, by what can be recognised in their texts. */
  private static final Pattern OTHER_ENOENT =
      Pattern.compile("ENOENT|No such file or directory|not found in \\$?PATH");

  private static final Pattern OTHER_EACCES = Pattern.compile("EACCES|Permission denied");

  private AgentFailures() {}

  public static void translating(String attempt, GuestSession session, Runnable call) {
    translating(
        attempt,
        session,
        () -> {
          call.run();
          return null;
        });
  }

  public static <T> T translating(String attempt, GuestSession session, Supplier<T> call) {
    session.link().requireAwake(attempt);
    return translatingAnyway(attempt, session, call);
  }

  /** For what is asked of a guest that has just been woken. */
  public static void translatingAnyway(String attempt, GuestSession session, Runnable call) {
    translatingAnyway(
        attempt,
        session,
        () -> {
          call.run();
          return null;
        });
  }

  private static <T> T translatingAnyway(String attempt, GuestSession session, Supplier<T> call) {
    try {
      return call.get();
    } catch (AgentException e) {
      throw translate(attempt, session, e);
    }
  }

  public static KataException translate(
      String attempt, GuestSession session, AgentException failure) {
    Details details = Details.none().withSandbox(session.id()).withCause(failure);
    if (Thread.currentThread().isInterrupted()) {
      return new KataException(ErrorCode.INTERRUPTED, "interrupted: could not " + attempt, details);
    }
    if (!session.link().isOpen()) {
      return new KataException(
          ErrorCode.AGENT_LOST,
          "could not "
              + attempt
              + ": sandbox "
              + session.id()
              + " was lost: "
              + session.lossReason(),
          details);
    }
    ErrorCode code =
        failure.status() == TtrpcStatus.DEADLINE_EXCEEDED
            ? ErrorCode.TIMEOUT
            : ErrorCode.AGENT_REFUSED;
    return new KataException(code, "could not " + attempt + ": " + failure.getMessage(), details);
  }

  /** The outcome of a command that never ran, if that is what the agent says. */
  public static Optional<ExecOutcome.NotStarted> notStarted(AgentException failure) {
    String message = failure.serverMessage();
    Matcher exec = EXEC.matcher(message);
    if (exec.find()) {
      ExecOutcome.NotStarted.Kind kind =
          switch (exec.group(1)) {
            case "ENOENT", "ENOTDIR" -> ExecOutcome.NotStarted.Kind.NOT_FOUND;
            case "EACCES", "EPERM", "ENOEXEC", "EISDIR" ->
                ExecOutcome.NotStarted.Kind.NOT_EXECUTABLE;
            default -> ExecOutcome.NotStarted.Kind.OTHER;
          };
      return Optional.of(new ExecOutcome.NotStarted(kind, exec.group(1), message));
    }
    if (failure.status() == TtrpcStatus.INVALID_ARGUMENT) {
      return Optional.of(
          new ExecOutcome.NotStarted(ExecOutcome.NotStarted.Kind.INVALID, "", message));
    }
    if (failure.status() == TtrpcStatus.INTERNAL) {
      if (OTHER_ENOENT.matcher(message).find()) {
        return Optional.of(
            new ExecOutcome.NotStarted(ExecOutcome.NotStarted.Kind.NOT_FOUND, "ENOENT", message));
      }
      if (OTHER_EACCES.matcher(message).find()) {
        return Optional.of(
            new ExecOutcome.NotStarted(
                ExecOutcome.NotStarted.Kind.NOT_EXECUTABLE, "EACCES", message));
      }
    }
    return Optional.empty();
  }

  /** Why the outcome of a command is unknown. */
  public static String reason(@Nullable Throwable failure, GuestSession session) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (!session.link().isOpen() || cause == null) {
      return session.lossReason();
    }
    return String.valueOf(cause.getMessage());
  }
}
