package io.katajava.internal.container;

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
import io.katajava.internal.exec.AgentProcess;
import io.katajava.internal.exec.CapturedExec;
import io.katajava.internal.exec.InteractiveExecution;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
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
public final class ContainerExec {
  private final ContainerHost host;
  private final GuestSession session;
  private final Supplier<ContainerRun> current;
  private final AtomicInteger count = new AtomicInteger();

  /**
   * Executes in whatever the container is at the time.
   *
   * @param current gives it, or throws when it is closed
   */
  ContainerExec(ContainerHost host, Supplier<ContainerRun> current) {
    this.host = host;
    this.session = host.session();
    this.current = current;
  }

  /** By when a command that is asked for now must have ended. */
  public static Optional<Deadline> deadline(ExecSpec spec) {
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
    CapturedExec captured = new CapturedExec(session, spec, deadline);
    try (LogContext context = LogContext.of(session.id())) {
      return launch(spec, captured, builtin).get();
    } catch (InterruptedException e) {
      captured.abandon();
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while "
              + spec.command().get(0)
              + " ran in sandbox "
              + session.id()
              + ", and so it was killed",
          Details.none().withSandbox(session.id()).withCause(e));
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
            () -> launch(spec, new CapturedExec(session, spec, deadline), ""),
            session.workers().executor())
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
    host.beginCommand(spec.command().get(0));
    ExecWatch watch = session.watch().exec(spec.command().get(0));
    try {
      process = startProcess(spec, current.get(), builtin, watch, captured.deadline());
    } catch (AgentException e) {
      host.endCommand();
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
      throw AgentFailures.translate("execute " + spec.command().get(0), session, e);
    } catch (RuntimeException e) {
      host.endCommand();
      watch.failed(e);
      throw e;
    }
    return captured
        .follow(process)
        .whenComplete(
            (done, failure) -> {
              host.endCommand();
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
    host.beginCommand(spec.command().get(0));
    ExecWatch watch = session.watch().exec(spec.command().get(0));
    try {
      process = startProcess(spec, run, builtin, watch, deadline);
    } catch (AgentException e) {
      host.endCommand();
      AgentFailures.notStarted(e).ifPresentOrElse(watch::ended, () -> watch.failed(e));
      throw run.notStarted(spec.command(), e)
          .orElseGet(() -> AgentFailures.translate("execute " + spec.command().get(0), session, e));
    } catch (RuntimeException e) {
      host.endCommand();
      watch.failed(e);
      throw e;
    }
    InteractiveExecution execution =
        InteractiveExecution.of(
            spec.command(), process, session, requested, spec.terminal().isPresent());
    execution
        .onExit()
        .thenAccept(
            outcome -> {
              host.endCommand();
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
    AgentClient client = watch.on(session.link().client());
    String execId = host.execPrefix() + count.incrementAndGet();
    OptionalInt pid =
        session
            .link()
            .within(client, deadline)
            .execProcess(
                new ExecRequest(plan.id(), execId, plan.process(spec), StreamPorts.NONE, builtin));
    return new AgentProcess(client, plan.id(), execId, pid);
  }
}
