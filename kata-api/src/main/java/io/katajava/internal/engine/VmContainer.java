package io.katajava.internal.engine;

import io.katajava.Choice;
import io.katajava.CommandNotStartedException;
import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Sandbox;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentException;
import io.katajava.agent.AgentStorage;
import io.katajava.agent.ContainerRequest;
import io.katajava.agent.ExecRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A container in a sandbox of this JVM. */
final class VmContainer implements Container {
  private static final int SIGKILL = 9;
  private static final int SIGTERM = 15;
  private static final Duration REMOVE_TIMEOUT = Duration.ofSeconds(30);

  private final VmSandbox sandbox;
  private final ContainerPlan plan;
  private final Consumer<String> onClosed;
  private final AtomicInteger execs = new AtomicInteger();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable InteractiveExecution main;

  VmContainer(VmSandbox sandbox, ContainerPlan plan, Consumer<String> onClosed) {
    this.sandbox = sandbox;
    this.plan = plan;
    this.onClosed = onClosed;
  }

  /** Makes the container in the guest and starts its first process; leaves nothing on failure. */
  void begin() {
    AgentClient client = sandbox.link().client();
    long requested = System.nanoTime();
    boolean created = false;
    OptionalInt pid;
    try {
      client.createContainer(
          ContainerRequest.builder(plan.id(), plan.toOci())
              .storages(
                  plan.rootfs().storages().stream()
                      .map(
                          mount ->
                              new AgentStorage(
                                  mount.driver(),
                                  mount.source(),
                                  mount.fstype(),
                                  mount.options(),
                                  mount.mountPoint()))
                      .toList())
              .build());
      created = true;
      pid = client.startContainer(plan.id());
    } catch (AgentException e) {
      if (created) {
        removeQuietly(client);
      }
      throw notStarted(plan.mainCommand(), e)
          .orElseGet(
              () -> AgentFailures.translate("start container " + plan.spec().name(), sandbox, e));
    }
    main =
        InteractiveExecution.of(
            plan.mainCommand(),
            new AgentProcess(client, plan.id(), plan.id(), pid),
            sandbox,
            requested,
            plan.spec().terminal().isPresent());
  }

  private Optional<KataException> notStarted(List<String> command, AgentException e) {
    return AgentFailures.notStarted(e)
        .map(
            outcome ->
                new CommandNotStartedException(
                    outcome,
                    "command "
                        + command.get(0)
                        + " in container "
                        + plan.spec().name()
                        + " of sandbox "
                        + sandbox.id()
                        + " "
                        + outcome.describe(),
                    Details.none().withSandbox(sandbox.id()).withCause(e)));
  }

  @Override
  public String id() {
    return plan.id();
  }

  @Override
  public String name() {
    return plan.spec().name();
  }

  @Override
  public Sandbox sandbox() {
    return sandbox;
  }

  Choice describeRootfs() {
    return new Choice(
        "root filesystem of " + name(),
        plan.rootfs().description(),
        plan.spec().image().isPresent() ? "it was asked for" : "no image was asked for");
  }

  @Override
  public Execution mainProcess() {
    InteractiveExecution process = main;
    if (process == null) {
      throw new IllegalStateException("container " + name() + " has not been started");
    }
    return process;
  }

  @Override
  public ExecResult exec(ExecSpec spec) {
    CapturedExec captured = new CapturedExec(sandbox, spec, System.nanoTime());
    CompletableFuture<ExecResult> result = launch(spec, captured);
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

  @Override
  public CompletableFuture<ExecResult> execAsync(ExecSpec spec) {
    return CompletableFuture.supplyAsync(
            () -> launch(spec, new CapturedExec(sandbox, spec, System.nanoTime())),
            sandbox.workers().executor())
        .thenCompose(result -> result)
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure));
  }

  private CompletableFuture<ExecResult> launch(ExecSpec spec, CapturedExec captured) {
    AgentProcess process;
    try {
      process = startProcess(spec);
    } catch (AgentException e) {
      Optional<ExecOutcome.NotStarted> outcome = AgentFailures.notStarted(e);
      if (outcome.isPresent()) {
        return CompletableFuture.completedFuture(captured.notStarted(outcome.get()));
      }
      throw AgentFailures.translate("execute " + spec.command().get(0), sandbox, e);
    }
    return captured.follow(process);
  }

  @Override
  public Execution execInteractive(ExecSpec spec) {
    if (spec.stdin().isPresent()) {
      throw new IllegalArgumentException(
          "an interactive execution is fed through its stdin() stream, not by its description");
    }
    long requested = System.nanoTime();
    AgentProcess process;
    try {
      process = startProcess(spec);
    } catch (AgentException e) {
      throw notStarted(spec.command(), e)
          .orElseGet(() -> AgentFailures.translate("execute " + spec.command().get(0), sandbox, e));
    }
    InteractiveExecution execution =
        InteractiveExecution.of(
            spec.command(), process, sandbox, requested, spec.terminal().isPresent());
    return spec.timeout().map(execution::expiringAfter).orElse(execution);
  }

  private AgentProcess startProcess(ExecSpec spec) {
    if (closed.get()) {
      throw new KataException(
          ErrorCode.CLOSED,
          "cannot execute " + spec.command().get(0) + ": container " + name() + " is closed",
          Details.none().withSandbox(sandbox.id()));
    }
    AgentClient client = sandbox.link().client();
    String execId = "exec-" + execs.incrementAndGet();
    OptionalInt pid = client.execProcess(new ExecRequest(plan.id(), execId, plan.process(spec)));
    return new AgentProcess(client, plan.id(), execId, pid);
  }

  @Override
  public void stop(Duration grace) {
    Execution process = mainProcess();
    if (!closed.get() && sandbox.link().isOpen() && process.waitFor(Duration.ZERO).isEmpty()) {
      process.signal(SIGTERM);
      process.waitFor(grace);
    }
    close();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    AgentClient client = sandbox.link().client();
    if (sandbox.link().isOpen()) {
      try {
        // The empty exec id means all processes of the container.
        client.signalProcess(plan.id(), "", SIGKILL);
      } catch (AgentException e) {
        // It has ended already; removing it tells if anything is wrong.
      }
      InteractiveExecution process = main;
      if (process != null) {
        process.close();
      }
      removeQuietly(client);
    }
    onClosed.accept(plan.id());
  }

  private void removeQuietly(AgentClient client) {
    try {
      client.removeContainer(plan.id(), REMOVE_TIMEOUT);
    } catch (AgentException e) {
      if (sandbox.link().isOpen()) {
        org.slf4j.LoggerFactory.getLogger(VmContainer.class)
            .warn("[{}] container {} could not be removed: {}", sandbox.id(), name(), e.toString());
      }
    }
  }

  @Override
  public String toString() {
    return "Container[" + name() + " in " + sandbox.id() + "]";
  }
}
