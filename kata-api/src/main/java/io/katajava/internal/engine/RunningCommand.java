package io.katajava.internal.engine;

import io.katajava.ExecOutcome;
import io.katajava.StartPhase;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A started process in the guest: its two output streams flowing into sinks, and its outcome. */
final class RunningCommand {
  /** Exit codes above this stand for signals, as the agent protocol has it. */
  private static final int SIGNAL_BASE = 128;

  private static final int LAST_SIGNAL = 64;

  private final List<String> command;
  private final AgentProcess process;
  private final VmSandbox sandbox;
  private final long requestedNanos;
  private final CompletableFuture<ExecOutcome> exit = new CompletableFuture<>();
  private final CompletableFuture<Void> drained;
  private final AtomicBoolean firstOutput = new AtomicBoolean();

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
        new OutputPump(process::readStdout, timed(stdout), executor).start();
    CompletableFuture<Void> err =
        new OutputPump(process::readStderr, timed(stderr), executor).start();
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

  private void waitForExit() {
    process
        .waitForExit()
        .whenCompleteAsync(
            (status, failure) -> exit.complete(outcome(status, failure)),
            sandbox.workers().executor());
  }

  private ExecOutcome outcome(@Nullable Integer status, @Nullable Throwable failure) {
    if (failure != null || status == null) {
      return new ExecOutcome.VmLost(AgentFailures.reason(failure, sandbox));
    }
    if (status > SIGNAL_BASE && status <= SIGNAL_BASE + LAST_SIGNAL) {
      return new ExecOutcome.Signalled(status - SIGNAL_BASE);
    }
    return new ExecOutcome.Exited(status);
  }

  private OutputSink timed(OutputSink sink) {
    return new OutputSink() {
      @Override
      public boolean accept(byte[] chunk, Runnable resume) {
        if (firstOutput.compareAndSet(false, true)) {
          sandbox
              .startRun()
              .timeline()
              .addOnce(StartPhase.FIRST_OUTPUT, requestedNanos, System.nanoTime());
        }
        return sink.accept(chunk, resume);
      }

      @Override
      public void end() {
        sink.end();
      }
    };
  }
}
