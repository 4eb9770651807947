package io.katajava.internal.engine;

import io.katajava.ExecOutcome;
import io.katajava.StartPhase;
import io.katajava.agent.AgentException;
import io.katajava.agent.ProcessEnd;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A started process in the guest: its two output streams flowing into sinks, its timeout, and its
 * outcome.
 */
final class RunningCommand {
  private static final int SIGKILL = 9;

  /** After a kill the agent reports the end at once, and that of the streams in half a second. */
  static final Duration KILL_GRACE = Duration.ofSeconds(5);

  private final List<String> command;
  private final AgentProcess process;
  private final VmSandbox sandbox;
  private final long requestedNanos;
  private final CompletableFuture<ExecOutcome> exit = new CompletableFuture<>();
  private final CompletableFuture<Void> drained;
  private final AtomicBoolean firstOutput = new AtomicBoolean();
  private final AtomicBoolean killed = new AtomicBoolean();
  private volatile @Nullable Duration expiredAfter;

  /**
   * Takes over a process that has just been started.
   *
   * @param requestedNanos when it was asked for, for the timeline
   */
  RunningCommand(
      List<String> command,
      AgentProcess process,
      VmSandbox sandbox,
      long requestedNanos,
      OutputSink stdout,
      OutputSink stderr) {
    this.command = command;
    this.process = process;
    this.sandbox = sandbox;
    this.requestedNanos = requestedNanos;
    var executor = sandbox.workers().executor();
    CompletableFuture<Void> out =
        new OutputPump(process::readStdout, timed(stdout, false), executor).start();
    CompletableFuture<Void> err =
        new OutputPump(process::readStderr, timed(stderr, true), executor).start();
    this.drained = CompletableFuture.allOf(out, err);
    if (sandbox.link().keepsOutputAfterWait()) {
      waitForExit();
    } else {
      // That agent throws away what was not read when the first wait returns.
      drained.whenCompleteAsync((nothing, failure) -> waitForExit(), executor);
    }
  }

  List<String> command() {
    return command;
  }

  AgentProcess process() {
    return process;
  }

  /** Completes with the outcome, never exceptionally. */
  CompletableFuture<ExecOutcome> exit() {
    return exit;
  }

  /** Completes when both streams have ended; exceptionally when one broke off. */
  CompletableFuture<Void> drained() {
    return drained;
  }

  boolean hasEnded() {
    return exit.isDone();
  }

  /** Kills it when it still runs after this time; then that is its outcome. */
  void expireAfter(Duration timeout) {
    Future<?> alarm =
        sandbox
            .workers()
            .after(
                timeout,
                () -> {
                  expiredAfter = timeout;
                  kill();
                });
    exit.whenComplete((outcome, failure) -> alarm.cancel(false));
  }

  /**
   * Kills the process and its process group, without waiting. A guest that does not confirm the end
   * within the grace is taken as lost.
   */
  void kill() {
    if (!killed.compareAndSet(false, true) || hasEnded()) {
      return;
    }
    Future<?> lost =
        sandbox
            .workers()
            .after(
                KILL_GRACE,
                () ->
                    exit.complete(
                        new ExecOutcome.VmLost(
                            "the guest did not confirm the end of the command within "
                                + KILL_GRACE.toSeconds()
                                + " s after it was told to kill it")));
    exit.whenComplete((outcome, failure) -> lost.cancel(false));
    sandbox
        .workers()
        .executor()
        .execute(
            () -> {
              try {
                process.signalGroup(SIGKILL);
              } catch (RuntimeException e) {
                // It has ended, or the machine has: either way there is an outcome to come.
                return;
              }
            });
  }

  private void waitForExit() {
    process
        .waitForExit()
        .whenCompleteAsync(
            (end, failure) -> exit.complete(outcome(end, failure)), sandbox.workers().executor());
  }

  private ExecOutcome outcome(@Nullable ProcessEnd end, @Nullable Throwable failure) {
    if (failure != null || end == null) {
      return new ExecOutcome.VmLost(AgentFailures.reason(failure, sandbox));
    }
    if (end.signal().isEmpty()) {
      return new ExecOutcome.Exited(end.status());
    }
    Duration after = expiredAfter;
    return after != null && end.signal().getAsInt() == SIGKILL
        ? new ExecOutcome.TimedOut(after)
        : new ExecOutcome.Signalled(end.signal().getAsInt());
  }

  private OutputSink timed(OutputSink sink, boolean error) {
    return new OutputSink() {
      @Override
      public boolean accept(byte[] chunk, Runnable resume) {
        if (firstOutput.compareAndSet(false, true)) {
          sandbox
              .startRun()
              .timeline()
              .addOnce(StartPhase.FIRST_OUTPUT, requestedNanos, System.nanoTime());
        }
        sandbox.startRun().watch().output(error, chunk.length);
        return sink.accept(chunk, resume);
      }

      @Override
      public void end(@Nullable Throwable failure) {
        sink.end(realFailure(failure).orElse(null));
      }
    };
  }

  /** Agents answer reads of what is gone with an error: that is an end of file like any other. */
  private static Optional<AgentException> realFailure(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof AgentException known
        && (known.status() == TtrpcStatus.UNAVAILABLE || known.status() == TtrpcStatus.CANCELLED)) {
      return Optional.of(known);
    }
    return Optional.empty();
  }
}
