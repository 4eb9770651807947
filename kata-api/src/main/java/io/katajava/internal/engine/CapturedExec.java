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
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A command run to its end with its output kept: input fed, timeout kept, limit kept. */
final class CapturedExec {
  private final VmSandbox sandbox;
  private final ExecSpec spec;
  private final long requestedNanos;
  private final CaptureBuffer stdout;
  private final CaptureBuffer stderr;
  private final CompletableFuture<ExecResult> result = new CompletableFuture<>();
  private final AtomicReference<@Nullable RuntimeException> stopped = new AtomicReference<>();
  private volatile @Nullable RunningCommand running;

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
    spec.timeout().ifPresent(command::expireAfter);
    if (stopped.get() != null) {
      command.kill();
    }
    feed(command);
    command
        .exit()
        .thenAccept(
            outcome -> {
              if (outcome instanceof ExecOutcome.VmLost) {
                // Streams of a guest that says nothing more have no end to wait for.
                finish(outcome);
              }
              command.drained().whenComplete((nothing, failure) -> finish(outcome));
            });
    return result;
  }

  /** The command never ran: that is a result too. */
  ExecResult notStarted(ExecOutcome.NotStarted outcome) {
    return toResult(outcome);
  }

  /** Nobody waits for the result any more. */
  void abandon() {
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
      abandon();
    }
  }

  private void finish(ExecOutcome outcome) {
    RuntimeException reason = stopped.get();
    if (reason != null) {
      result.completeExceptionally(reason);
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
