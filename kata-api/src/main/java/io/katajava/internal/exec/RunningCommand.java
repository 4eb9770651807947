package io.katajava.internal.exec;

import io.katajava.Deadline;
import io.katajava.ExecOutcome;
import io.katajava.ExecOutcome.TimedOut.Fate;
import io.katajava.StartPhase;
import io.katajava.agent.AgentException;
import io.katajava.agent.ProcessEnd;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.base.threads.OwnedThreads;
import io.katajava.internal.link.AgentCapability;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import java.io.IOException;
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
public final class RunningCommand {
  private static final int SIGKILL = 9;

  /** How long after its time is over a command's kill may be confirmed. */
  static final Duration CONFIRMATION = Duration.ofSeconds(1);

  /** After a kill the agent reports the end at once, and that of the streams in half a second. */
  public static final Duration KILL_GRACE = Duration.ofSeconds(5);

  private final List<String> command;
  private final AgentProcess process;
  private final GuestSession session;
  private final long requestedNanos;
  private final CompletableFuture<ExecOutcome> exit = new CompletableFuture<>();
  private final Gate out;
  private final Gate err;
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
      GuestSession session,
      long requestedNanos,
      OutputSink stdout,
      OutputSink stderr) {
    this.command = command;
    this.process = process;
    this.session = session;
    this.requestedNanos = requestedNanos;
    var executor = session.workers().executor();
    this.out = new Gate(stdout, false);
    this.err = new Gate(stderr, true);
    new OutputPump(process::readStdout, out, executor).start();
    new OutputPump(process::readStderr, err, executor).start();
    if (session.link().can(AgentCapability.OUTPUT_AFTER_WAIT)) {
      waitForExit();
    } else {
      // That agent throws away what was not read when the first wait returns.
      drained().whenCompleteAsync((nothing, failure) -> waitForExit(), executor);
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

  /** Completes when both streams have ended or broken off. */
  CompletableFuture<Void> drained() {
    return CompletableFuture.allOf(out.ended, err.ended);
  }

  /** The longest wait for what the guest answers at once. */
  Duration callTimeout() {
    return session.link().callTimeout();
  }

  boolean hasEnded() {
    return exit.isDone();
  }

  /** Kills it when it still runs then; that is its outcome, whether the guest confirms or not. */
  void expireAt(Deadline deadline) {
    Future<?> alarm =
        session.workers().after(deadline.remaining(), () -> expire(deadline.allowed()));
    exit.whenComplete((outcome, failure) -> alarm.cancel(false));
  }

  private void expire(Duration timeout) {
    expiredAfter = timeout;
    kill(CONFIRMATION, new ExecOutcome.TimedOut(timeout, Fate.KILL_UNCONFIRMED));
  }

  /**
   * Kills the process and its process group, without waiting. A guest that does not confirm the end
   * within the grace is taken as lost.
   */
  void kill() {
    kill(
        KILL_GRACE,
        new ExecOutcome.VmLost(
            "the guest did not confirm the end of the command within "
                + KILL_GRACE.toSeconds()
                + " s after it was told to kill it"));
  }

  /** Nobody waits any more: it is killed if the guest still can. */
  void abandon(String reason) {
    kill(Duration.ZERO, new ExecOutcome.VmLost(reason));
  }

  private void kill(Duration grace, ExecOutcome unconfirmed) {
    if (hasEnded()) {
      return;
    }
    if (grace.isZero()) {
      giveUp(unconfirmed);
    } else {
      Future<?> late = session.workers().after(grace, () -> giveUp(unconfirmed));
      exit.whenComplete((outcome, failure) -> late.cancel(false));
    }
    if (!killed.compareAndSet(false, true)) {
      return;
    }
    session
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

  /** Readers of its streams wait no longer either. */
  private void giveUp(ExecOutcome outcome) {
    if (exit.complete(outcome)) {
      IOException reason = new IOException("the command " + outcome.describe());
      out.end(reason);
      err.end(reason);
    }
  }

  private void waitForExit() {
    process
        .waitForExit()
        .whenComplete(
            (end, failure) ->
                OwnedThreads.handOver(
                    session.workers().executor(), () -> exit.complete(outcome(end, failure))));
  }

  private ExecOutcome outcome(@Nullable ProcessEnd end, @Nullable Throwable failure) {
    if ((failure != null || end == null) && session.isEnding()) {
      // Its holder ended the sandbox, and the machine all that ran in it.
      return new ExecOutcome.Signalled(SIGKILL);
    }
    if (failure != null || end == null) {
      return new ExecOutcome.VmLost(AgentFailures.reason(failure, session));
    }
    if (end.signal().isEmpty()) {
      return new ExecOutcome.Exited(end.status());
    }
    Duration after = expiredAfter;
    return after != null && end.signal().getAsInt() == SIGKILL
        ? new ExecOutcome.TimedOut(after, Fate.KILLED)
        : new ExecOutcome.Signalled(end.signal().getAsInt());
  }

  /** Before a sink: notes the first output, and lets nothing more through after the end. */
  private final class Gate implements OutputSink {
    private final OutputSink sink;
    private final boolean error;
    private final AtomicBoolean closed = new AtomicBoolean();
    final CompletableFuture<Void> ended = new CompletableFuture<>();

    Gate(OutputSink sink, boolean error) {
      this.sink = sink;
      this.error = error;
    }

    @Override
    public boolean accept(byte[] chunk, Runnable resume) {
      if (closed.get()) {
        // Taken from the guest all the same, so that its agent can forget the process.
        return true;
      }
      if (firstOutput.compareAndSet(false, true)) {
        session.timeline().addOnce(StartPhase.FIRST_OUTPUT, requestedNanos, System.nanoTime());
      }
      session.watch().output(error, chunk.length);
      return sink.accept(chunk, resume);
    }

    @Override
    public void end(@Nullable Throwable failure) {
      if (!closed.compareAndSet(false, true)) {
        return;
      }
      try {
        sink.end(realFailure(failure).orElse(null));
      } finally {
        ended.complete(null);
      }
    }
  }

  /** Agents answer reads of what is gone with an error: that is an end of file like any other. */
  private static Optional<Throwable> realFailure(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    boolean endOfFile =
        cause instanceof AgentException known
            && known.status() != TtrpcStatus.UNAVAILABLE
            && known.status() != TtrpcStatus.CANCELLED;
    return endOfFile ? Optional.empty() : Optional.ofNullable(cause);
  }
}
