package io.katajava.internal.engine;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentException;
import io.katajava.agent.ExecRequest;
import io.katajava.agent.StreamPorts;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.internal.observe.ExecWatch;
import io.katajava.internal.observe.LogContext;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Executes further commands in a container. */
final class ContainerExec {
  private final VmSandbox sandbox;
  private final Supplier<ContainerRun> current;
  private final AtomicInteger count = new AtomicInteger();

  /**
   * Executes in whatever the container is at the time.
   *
   * @param current gives it, or throws when it is closed
   */
  ContainerExec(VmSandbox sandbox, Supplier<ContainerRun> current) {
    this.sandbox = sandbox;
    this.current = current;
  }

  /** By when a command that is asked for now must have ended. */
  static Optional<Deadline> deadline(ExecSpec spec) {
    return spec.timeout().map(Deadline::after);
  }

  ExecResult exec(ExecSpec spec) {
    return exec(spec, "", deadline(spec));
  }

  /**
   * Runs a command, or something the agent does itself, to its end.
   *
   * @param deadline by when; its time may have begun before
   */
  @SuppressWarnings("try") // The context is held, not used.
  ExecResult exec(ExecSpec spec, String builtin, Optional<Deadline> deadline) {
    CapturedExec captured = new CapturedExec(sandbox, spec, deadline);
    try (LogContext context = LogContext.of(sandbox.id())) {
      return launch(spec, captured, builtin).get();
    } catch (InterruptedException e) {
      captured.abandon();
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while "
              + spec.command().get(0)
              + " ran in sandbox "
              + sandbox.id()
              + ", and so it was killed",
          Details.none().withSandbox(sandbox.id()).withCause(e));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KataException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  CompletableFuture<ExecResult> execAsync(ExecSpec spec) {
    return execAsync(spec, deadline(spec));
  }

  CompletableFuture<ExecResult> execAsync(ExecSpec spec, Optional<Deadline> deadline) {
    return CompletableFuture.supplyAsync(
            () -> launch(spec, new CapturedExec(sandbox, spec, deadline), ""),
            sandbox.workers().executor())
        .thenCompose(result -> result)
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure));
  }

  private CompletableFuture<ExecResult> launch(
      ExecSpec spec, CapturedExec captured, String builtin) {
    AgentProcess process;
    sandbox.beginCommand(spec.command().get(0));
    ExecWatch watch = sandbox.startRun().watch().exec(spec.command().get(0));
    try {
      process = startProcess(spec, current.get(), builtin, watch, captured.deadline());
    } catch (AgentException e) {
      sandbox.activity().leave();
      if (captured.deadline().filter(Deadline::isExpired).isPresent()
          && e.status() == TtrpcStatus.DEADLINE_EXCEEDED) {
        ExecResult late = captured.notStartedInTime();
        watch.ended(late.outcome());
        return CompletableFuture.completedFuture(late);
      }
      Optional<ExecOutcome.NotStarted> outcome = AgentFailures.notStarted(e);
      if (outcome.isPresent()) {
        watch.ended(outcome.get());
        return CompletableFuture.completedFuture(captured.notStarted(outcome.get()));
      }
      watch.failed(e);
      throw AgentFailures.translate("execute " + spec.command().get(0), sandbox, e);
    } catch (RuntimeException e) {
      sandbox.activity().leave();
      watch.failed(e);
      throw e;
    }
    return captured
        .follow(process)
        .whenComplete(
            (done, failure) -> {
              sandbox.activity().leave();
              if (failure != null) {
                watch.failed(failure);
              } else {
                watch.ended(done.outcome());
              }
            });
  }

  Execution execInteractive(ExecSpec spec) {
    return execInteractive(spec, deadline(spec));
  }

  Execution execInteractive(ExecSpec spec, Optional<Deadline> deadline) {
    if (spec.stdin().isPresent()) {
      throw new IllegalArgumentException(
          "an interactive execution is fed through its stdin() stream, not by its description");
    }
    return start(spec, "", deadline);
  }

  /** Starts a command, or something the agent does itself, with streams. */
  InteractiveExecution start(ExecSpec spec, String builtin, Optional<Deadline> deadline) {
    long requested = System.nanoTime();
    ContainerRun run = current.get();
    AgentProcess process;
    sandbox.beginCommand(spec.command().get(0));
    ExecWatch watch = sandbox.startRun().watch().exec(spec.command().get(0));
    try {
      process = startProcess(spec, run, builtin, watch, deadline);
    } catch (AgentException e) {
      sandbox.activity().leave();
      AgentFailures.notStarted(e).ifPresentOrElse(watch::ended, () -> watch.failed(e));
      throw run.notStarted(spec.command(), e)
          .orElseGet(() -> AgentFailures.translate("execute " + spec.command().get(0), sandbox, e));
    } catch (RuntimeException e) {
      sandbox.activity().leave();
      watch.failed(e);
      throw e;
    }
    InteractiveExecution execution =
        InteractiveExecution.of(
            spec.command(), process, sandbox, requested, spec.terminal().isPresent());
    execution
        .onExit()
        .thenAccept(
            outcome -> {
              sandbox.activity().leave();
              watch.ended(outcome);
            });
    return deadline.map(execution::expiringAt).orElse(execution);
  }

  private AgentProcess startProcess(
      ExecSpec spec,
      ContainerRun run,
      String builtin,
      ExecWatch watch,
      Optional<Deadline> deadline) {
    ContainerPlan plan = run.plan();
    AgentClient client = watch.on(sandbox.link().client());
    String execId = sandbox.execPrefix() + count.incrementAndGet();
    OptionalInt pid =
        sandbox
            .link()
            .within(client, deadline)
            .execProcess(
                new ExecRequest(plan.id(), execId, plan.process(spec), StreamPorts.NONE, builtin));
    return new AgentProcess(client, plan.id(), execId, pid);
  }
}
