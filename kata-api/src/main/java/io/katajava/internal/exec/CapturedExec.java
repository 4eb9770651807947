package io.katajava.internal.exec;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecOutcome.TimedOut.Fate;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.agent.AgentException;
import io.katajava.internal.link.GuestSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A command run to its end with its output kept: input fed, timeout kept, limit kept. */
public final class CapturedExec {
  private final GuestSession session;
  private final ExecSpec spec;
  private final long requestedNanos;
  private final CaptureBuffer stdout;
  private final CaptureBuffer stderr;
  private final CompletableFuture<ExecResult> result = new CompletableFuture<>();
  private final Optional<Deadline> deadline;
  private final AtomicBoolean finished = new AtomicBoolean();
  private final AtomicReference<@Nullable RuntimeException> stopped = new AtomicReference<>();
  private volatile @Nullable RunningCommand running;

  public CapturedExec(GuestSession session, ExecSpec spec, Optional<Deadline> deadline) {
    this.session = session;
    this.spec = spec;
    this.requestedNanos = System.nanoTime();
    this.deadline = deadline;
    this.stdout = new CaptureBuffer(spec.outputLimit().bytes(), this::overflow, this::broken);
    this.stderr = new CaptureBuffer(spec.outputLimit().bytes(), this::overflow, this::broken);
  }

  /** Takes over the process just started; completes with the result. */
  public CompletableFuture<ExecResult> follow(AgentProcess process) {
    RunningCommand command =
        new RunningCommand(spec.command(), process, session, requestedNanos, stdout, stderr);
    running = command;
    deadline.ifPresent(end -> keep(end, command));
    if (stopped.get() != null) {
      command.kill();
    }
    feed(command);
    command
        .exit()
        .thenAccept(
            outcome -> {
              if (outcome instanceof ExecOutcome.VmLost || isUnconfirmed(outcome)) {
                // Streams of a guest that says nothing more have no end to wait for.
                finish(outcome);
              }
              command.drained().whenComplete((nothing, failure) -> finish(outcome));
            });
    return result;
  }

  private static boolean isUnconfirmed(ExecOutcome outcome) {
    return outcome instanceof ExecOutcome.TimedOut late && late.fate() != Fate.KILLED;
  }

  /** The result is there a moment after the end of the time, whatever the guest does. */
  private void keep(Deadline end, RunningCommand command) {
    command.expireAt(end);
    Future<?> last =
        session
            .workers()
            .after(
                end.remaining().plus(RunningCommand.CONFIRMATION),
                () -> {
                  ExecOutcome outcome = command.exit().getNow(null);
                  Fate fate = outcome == null ? Fate.KILL_UNCONFIRMED : Fate.OUTPUT_INCOMPLETE;
                  finish(
                      outcome instanceof ExecOutcome.TimedOut
                          ? outcome
                          : new ExecOutcome.TimedOut(end.allowed(), fate));
                });
    result.whenComplete((done, failure) -> last.cancel(false));
  }

  /** Its time is over, and the guest has not confirmed that it was started. */
  public ExecResult notStartedInTime() {
    Duration allowed = deadline.orElseThrow().allowed();
    return toResult(new ExecOutcome.TimedOut(allowed, Fate.START_UNCONFIRMED));
  }

  public Optional<Deadline> deadline() {
    return deadline;
  }

  /** The command never ran: that is a result too. */
  public ExecResult notStarted(ExecOutcome.NotStarted outcome) {
    return toResult(outcome);
  }

  /** Nobody waits for the result any more. */
  public void abandon() {
    RunningCommand command = running;
    if (command != null) {
      command.kill();
    }
  }

  private void feed(RunningCommand command) {
    if (spec.stdin().isEmpty()) {
      if (spec.terminal().isEmpty()) {
        // A failure means that it has ended already, and with it its input.
        command.process().closeStdin().exceptionally(failure -> null);
      }
      return;
    }
    InputStream source = spec.stdin().get();
    session
        .workers()
        .executor()
        .execute(
            () -> {
              try (OutputStream stdin = new StdinStream(command)) {
                source.transferTo(stdin);
              } catch (IOException e) {
                if (!command.hasEnded() && !(e.getCause() instanceof RuntimeException)) {
                  stop(
                      new KataException(
                          ErrorCode.COMMAND_FAILED,
                          "the input for " + spec.command().get(0) + " could not be read: " + e,
                          Details.none().withSandbox(session.id()).withCause(e)));
                }
                // Else the command closed its input or ended: what is left is not wanted.
              } catch (RuntimeException | Error e) {
                stop(
                    new KataException(
                        ErrorCode.COMMAND_FAILED,
                        "the input for " + spec.command().get(0) + " could not be read: " + e,
                        Details.none().withSandbox(session.id()).withCause(e)));
              }
            });
  }

  private void overflow() {
    stop(
        new KataException(
            ErrorCode.OUTPUT_LIMIT,
            "command " + spec.command().get(0) + " wrote more than " + spec.outputLimit(),
            Details.none()
                .withSandbox(session.id())
                .withRemedy("Raise outputLimit(...), or use execInteractive and its streams")));
  }

  /** What is missing must not pass for an end: a lost machine is an outcome, all else a failure. */
  private void broken(Throwable failure) {
    if (failure instanceof AgentException || failure instanceof IOException) {
      return;
    }
    stop(
        new KataException(
            ErrorCode.OUTPUT_LIMIT,
            "the output of " + spec.command().get(0) + " could not be kept: " + failure,
            Details.none()
                .withSandbox(session.id())
                .withRemedy("Lower outputLimit(...), or give the JVM a larger heap (-Xmx)")
                .withCause(failure)));
  }

  private void stop(RuntimeException reason) {
    if (stopped.compareAndSet(null, reason)) {
      abandon();
    }
  }

  private void finish(ExecOutcome outcome) {
    if (!finished.compareAndSet(false, true)) {
      return;
    }
    RuntimeException reason = stopped.get();
    if (reason != null) {
      result.completeExceptionally(reason);
      return;
    }
    try {
      result.complete(toResult(outcome));
    } catch (OutOfMemoryError e) {
      result.completeExceptionally(
          new KataException(
              ErrorCode.OUTPUT_LIMIT,
              "there is no memory for the output of " + spec.command().get(0),
              Details.none()
                  .withSandbox(session.id())
                  .withRemedy("Lower outputLimit(...), or give the JVM a larger heap (-Xmx)")
                  .withCause(e)));
    }
  }

  private ExecResult toResult(ExecOutcome outcome) {
    return new ExecResult(
        session.id(),
        spec.command(),
        outcome,
        stdout.takeAll(),
        stderr.takeAll(),
        Duration.ofNanos(System.nanoTime() - requestedNanos));
  }
}
