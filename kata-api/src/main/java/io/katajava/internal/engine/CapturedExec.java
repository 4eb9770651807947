package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A command run to its end with its output kept: input fed, timeout kept, limit kept. */
final class CapturedExec {
  private static final int SIGKILL = 9;

  /** After a kill the agent reports the end of the streams within half a second. */
  private static final Duration DRAIN_AFTER_KILL = Duration.ofSeconds(5);

  private final VmSandbox sandbox;
  private final ExecSpec spec;
  private final long requestedNanos;
  private final CaptureBuffer stdout;
  private final CaptureBuffer stderr;
  private final CompletableFuture<ExecResult> result = new CompletableFuture<>();
  private final AtomicReference<@Nullable RuntimeException> stopped = new AtomicReference<>();
  private volatile @Nullable RunningCommand running;
  private volatile boolean timedOut;

  CapturedExec(VmSandbox sandbox, ExecSpec spec, long requestedNanos) {
    this.sandbox = sandbox;
    this.spec = spec;
    this.requestedNanos = requestedNanos;
    this.stdout = new CaptureBuffer(spec.outputLimit().bytes(), this::overflow);
    this.stderr = new CaptureBuffer(spec.outputLimit().bytes(), this::overflow);
  }

  /** Takes over the process just started; completes with the result. */
  CompletableFuture<ExecResult> follow(AgentProcess process) {
    RunningCommand command =
        new RunningCommand(spec.command(), process, sandbox, requestedNanos, stdout, stderr);
    running = command;
    if (stopped.get() != null) {
      kill();
    }
    feed(command);
    Future<?> timeout =
        spec.timeout().map(after -> sandbox.workers().after(after, this::expire)).orElse(null);
    CompletableFuture.allOf(command.exit(), command.drained())
        .whenComplete(
            (nothing, failure) -> {
              if (timeout != null) {
                timeout.cancel(false);
              }
              command.exit().thenAccept(this::finish);
            });
    return result;
  }

  /** The command never ran: that is a result too. */
  ExecResult notStarted(ExecOutcome.NotStarted outcome) {
    return toResult(outcome);
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
    sandbox
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
                          Details.none().withSandbox(sandbox.id()).withCause(e)));
                }
                // Else the command closed its input or ended: what is left is not wanted.
              }
            });
  }

  private void expire() {
    timedOut = true;
    kill();
  }

  private void overflow() {
    stop(
        new KataException(
            ErrorCode.OUTPUT_LIMIT,
            "command " + spec.command().get(0) + " wrote more than " + spec.outputLimit(),
            Details.none()
                .withSandbox(sandbox.id())
                .withRemedy("Raise outputLimit(...), or use execInteractive and its streams")));
  }

  private void stop(RuntimeException reason) {
    if (stopped.compareAndSet(null, reason)) {
      kill();
    }
  }

  private void kill() {
    RunningCommand command = running;
    if (command == null) {
      return;
    }
    sandbox
        .workers()
        .executor()
        .execute(
            () -> {
              try {
                command.process().signal(SIGKILL);
              } catch (RuntimeException e) {
                // It has ended, or the machine has: either way there is an outcome to come.
                return;
              } finally {
                sandbox
                    .workers()
                    .after(
                        DRAIN_AFTER_KILL,
                        () ->
                            finish(
                                command
                                    .exit()
                                    .getNow(
                                        new ExecOutcome.VmLost(
                                            "it does not end although it was killed"))));
              }
            });
  }

  private void finish(ExecOutcome outcome) {
    RuntimeException reason = stopped.get();
    if (reason != null) {
      result.completeExceptionally(reason);
    } else if (timedOut && !(outcome instanceof ExecOutcome.Exited)) {
      result.complete(toResult(new ExecOutcome.TimedOut(spec.timeout().orElse(Duration.ZERO))));
    } else {
      result.complete(toResult(outcome));
    }
  }

  private ExecResult toResult(ExecOutcome outcome) {
    return new ExecResult(
        sandbox.id(),
        spec.command(),
        outcome,
        stdout.toByteArray(),
        stderr.toByteArray(),
        Duration.ofNanos(System.nanoTime() - requestedNanos));
  }
}
