package io.katajava.internal.exec;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An execution whose streams the user holds. */
public final class InteractiveExecution implements Execution {
  private final GuestSession session;
  private final RunningCommand running;
  private final OutputBuffer stdout;
  private final OutputBuffer stderr;
  private final StdinStream stdin;
  private final OutputPublisher stdoutChunks;
  private final OutputPublisher stderrChunks;
  private final boolean terminal;
  private final AtomicBoolean closed = new AtomicBoolean();

  private InteractiveExecution(
      GuestSession session,
      RunningCommand running,
      OutputBuffer stdout,
      OutputBuffer stderr,
      boolean terminal) {
    this.session = session;
    this.terminal = terminal;
    this.stdoutChunks = new OutputPublisher(stdout, session.workers().executor());
    this.stderrChunks = new OutputPublisher(stderr, session.workers().executor());
    this.running = running;
    this.stdout = stdout;
    this.stderr = stderr;
    this.stdin = new StdinStream(running);
  }

  /** Takes over a process that has just been started. */
  public static InteractiveExecution of(
      List<String> command,
      AgentProcess process,
      GuestSession session,
      long requestedNanos,
      boolean terminal) {
    OutputBuffer stdout = new OutputBuffer();
    OutputBuffer stderr = new OutputBuffer();
    RunningCommand running =
        new RunningCommand(command, process, session, requestedNanos, stdout, stderr);
    return new InteractiveExecution(session, running, stdout, stderr, terminal);
  }

  /** Takes over a process whose output is kept as a log: its streams here give nothing. */
  public static InteractiveExecution logged(
      List<String> command,
      AgentProcess process,
      GuestSession session,
      long requestedNanos,
      OutputSink stdout,
      OutputSink stderr) {
    RunningCommand running =
        new RunningCommand(command, process, session, requestedNanos, stdout, stderr);
    InteractiveExecution execution =
        new InteractiveExecution(session, running, new OutputBuffer(), new OutputBuffer(), false);
    IOException elsewhere =
        new IOException("the output is kept as the container's log and cannot be read here");
    execution.stdout.end(elsewhere);
    execution.stderr.end(elsewhere);
    return execution;
  }

  /** The outcome, or null while it runs. */
  public @Nullable ExecOutcome outcome() {
    return running.exit().getNow(null);
  }

  @Override
  public List<String> command() {
    return running.command();
  }

  /** Kills it when it still runs then. */
  public InteractiveExecution expiringAt(Deadline deadline) {
    running.expireAt(deadline);
    return this;
  }

  /** Its streams wait no longer than this for the guest. */
  public InteractiveExecution withPatience(Patience patience) {
    stdin.patience(patience);
    stdout.patience(patience);
    stderr.patience(patience);
    return this;
  }

  /** Nobody waits for it any more. */
  public void abandon(String reason) {
    running.abandon(reason);
  }

  /** Its end, once all of its output has come, or that has taken longer than the grace. */
  public CompletableFuture<ExecOutcome> ended(Duration grace) {
    return running
        .exit()
        .thenCompose(
            outcome -> {
              if (outcome instanceof ExecOutcome.VmLost) {
                return CompletableFuture.completedFuture(outcome);
              }
              CompletableFuture<ExecOutcome> complete = new CompletableFuture<>();
              running.drained().whenComplete((nothing, failure) -> complete.complete(outcome));
              java.util.concurrent.Future<?> late =
                  session.workers().after(grace, () -> complete.complete(outcome));
              complete.whenComplete((any, failure) -> late.cancel(false));
              return complete;
            });
  }

  @Override
  public OptionalInt pid() {
    return running.process().pid();
  }

  @Override
  public Flow.Publisher<ByteBuffer> stdoutPublisher() {
    return stdoutChunks;
  }

  @Override
  public Flow.Publisher<ByteBuffer> stderrPublisher() {
    return stderrChunks;
  }

  @Override
  public CompletableFuture<Void> onStdoutLine(Consumer<String> consumer) {
    return lines(stdoutChunks, consumer);
  }

  @Override
  public CompletableFuture<Void> onStderrLine(Consumer<String> consumer) {
    return lines(stderrChunks, consumer);
  }

  private static CompletableFuture<Void> lines(OutputPublisher chunks, Consumer<String> consumer) {
    LineConsumer lines = new LineConsumer(consumer);
    chunks.subscribe(lines);
    return lines.ended();
  }

  @Override
  public ExecOutcome attachTerminal() {
    if (!terminal) {
      throw new IllegalStateException(
          command().get(0) + " has no terminal to attach to; start it with tty(columns, rows)");
    }
    return new TerminalAttachment(this, session.id()).run();
  }

  @Override
  public OutputStream stdin() {
    return stdin;
  }

  @Override
  public InputStream stdout() {
    return stdout;
  }

  @Override
  public InputStream stderr() {
    return stderr;
  }

  @Override
  public CompletableFuture<ExecOutcome> onExit() {
    return running.exit().copy();
  }

  @Override
  public ExecOutcome waitFor() {
    return await(null).orElseThrow();
  }

  @Override
  public Optional<ExecOutcome> waitFor(Duration timeout) {
    return await(timeout);
  }

  private Optional<ExecOutcome> await(@Nullable Duration timeout) {
    try {
      return Optional.of(
          timeout == null
              ? running.exit().get()
              : running.exit().get(Math.max(0, timeout.toMillis()), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while waiting for " + command().get(0),
          Details.none().withSandbox(session.id()).withCause(e));
    } catch (ExecutionException e) {
      throw new AssertionError("outcomes are values", e);
    }
  }

  @Override
  public void signal(int signal) {
    if (!running.hasEnded()) {
      AgentFailures.translating(
          "send signal " + signal + " to " + command().get(0),
          session,
          () -> running.process().signal(signal));
    }
  }

  @Override
  public void kill() {
    running.kill();
  }

  @Override
  public void resize(int columns, int rows) {
    AgentFailures.translating(
        "resize the terminal of " + command().get(0),
        session,
        () -> running.process().resize(columns, rows));
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (!running.hasEnded() && session.link().isOpen()) {
      running.kill();
      await(RunningCommand.KILL_GRACE.plusSeconds(1));
    }
    // From here on what comes is thrown away, so that the agent can forget the process.
    stdout.close();
    stderr.close();
  }

  @Override
  public String toString() {
    return "Execution["
        + command().get(0)
        + (running.hasEnded() ? " " + running.exit().join().describe() : " running")
        + "]";
  }
}
