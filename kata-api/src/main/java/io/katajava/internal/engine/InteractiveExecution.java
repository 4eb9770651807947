package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An execution whose streams the user holds. */
final class InteractiveExecution implements Execution {
  private static final int SIGKILL = 9;
  private static final Duration KILL_GRACE = Duration.ofSeconds(5);

  private final VmSandbox sandbox;
  private final RunningCommand running;
  private final OutputBuffer stdout;
  private final OutputBuffer stderr;
  private final StdinStream stdin;
  private final AtomicBoolean closed = new AtomicBoolean();

  private InteractiveExecution(
      VmSandbox sandbox, RunningCommand running, OutputBuffer stdout, OutputBuffer stderr) {
    this.sandbox = sandbox;
    this.running = running;
    this.stdout = stdout;
    this.stderr = stderr;
    this.stdin = new StdinStream(running);
  }

  /** Takes over a process that has just been started. */
  static InteractiveExecution of(
      List<String> command, AgentProcess process, VmSandbox sandbox, long requestedNanos) {
    OutputBuffer stdout = new OutputBuffer();
    OutputBuffer stderr = new OutputBuffer();
    RunningCommand running =
        new RunningCommand(command, process, sandbox, requestedNanos, stdout, stderr);
    return new InteractiveExecution(sandbox, running, stdout, stderr);
  }

  @Override
  public List<String> command() {
    return running.command();
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
          Details.none().withSandbox(sandbox.id()).withCause(e));
    } catch (ExecutionException e) {
      throw new AssertionError("outcomes are values", e);
    }
  }

  @Override
  public void signal(int signal) {
    if (!running.hasEnded()) {
      AgentFailures.translating(
          "send signal " + signal + " to " + command().get(0),
          sandbox,
          () -> running.process().signal(signal));
    }
  }

  @Override
  public void resize(int columns, int rows) {
    AgentFailures.translating(
        "resize the terminal of " + command().get(0),
        sandbox,
        () -> running.process().resize(columns, rows));
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (!running.hasEnded() && sandbox.link().isOpen()) {
      try {
        signal(SIGKILL);
        await(KILL_GRACE);
      } catch (KataException e) {
        // It ended, or its machine did, while it was told to.
        if (e.code() == ErrorCode.INTERRUPTED) {
          throw e;
        }
      }
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
