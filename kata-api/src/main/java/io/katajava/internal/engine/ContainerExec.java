package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.agent.AgentException;
import io.katajava.agent.ExecRequest;
import io.katajava.agent.StreamPorts;
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

  ExecResult exec(ExecSpec spec) {
    return exec(spec, "");
  }

  /** Runs a command, or something the agent does itself, to its end. */
  ExecResult exec(ExecSpec spec, String builtin) {
    CapturedExec captured = new CapturedExec(sandbox, spec, System.nanoTime());
    CompletableFuture<ExecResult> result = launch(spec, captured, builtin);
    try {
      return result.get();
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
    return CompletableFuture.supplyAsync(
            () -> launch(spec, new CapturedExec(sandbox, spec, System.nanoTime()), ""),
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
    try {
      process = startProcess(spec, current.get(), builtin);
    } catch (AgentException e) {
      sandbox.activity().leave();
      Optional<ExecOutcome.NotStarted> outcome = AgentFailures.notStarted(e);
      if (outcome.isPresent()) {
        return CompletableFuture.completedFuture(captured.notStarted(outcome.get()));
      }
      throw AgentFailures.translate("execute " + spec.command().get(0), sandbox, e);
    } catch (RuntimeException e) {
      sandbox.activity().leave();
      throw e;
    }
    CompletableFuture<ExecResult> result = captured.follow(process);
    result.whenComplete((done, failure) -> sandbox.activity().leave());
    return result;
  }

  Execution execInteractive(ExecSpec spec) {
    if (spec.stdin().isPresent()) {
      throw new IllegalArgumentException(
          "an interactive execution is fed through its stdin() stream, not by its description");
    }
    return start(spec, "");
  }

  /** Starts a command, or something the agent does itself, with streams. */
  InteractiveExecution start(ExecSpec spec, String builtin) {
    long requested = System.nanoTime();
    ContainerRun run = current.get();
    AgentProcess process;
    sandbox.beginCommand(spec.command().get(0));
    try {
      process = startProcess(spec, run, builtin);
    } catch (AgentException e) {
      sandbox.activity().leave();
      throw run.notStarted(spec.command(), e)
          .orElseGet(() -> AgentFailures.translate("execute " + spec.command().get(0), sandbox, e));
    } catch (RuntimeException e) {
      sandbox.activity().leave();
      throw e;
    }
    InteractiveExecution execution =
        InteractiveExecution.of(
            spec.command(), process, sandbox, requested, spec.terminal().isPresent());
    execution.onExit().whenComplete((outcome, failure) -> sandbox.activity().leave());
    return spec.timeout().map(execution::expiringAfter).orElse(execution);
  }

  private AgentProcess startProcess(ExecSpec spec, ContainerRun run, String builtin) {
    ContainerPlan plan = run.plan();
    String execId = sandbox.execPrefix() + count.incrementAndGet();
    OptionalInt pid =
        sandbox
            .link()
            .client()
            .execProcess(
                new ExecRequest(plan.id(), execId, plan.process(spec), StreamPorts.NONE, builtin));
    return new AgentProcess(sandbox.link().client(), plan.id(), execId, pid);
  }
}
