package io.katajava.internal.container;

import io.katajava.Choice;
import io.katajava.Container;
import io.katajava.ContainerFiles;
import io.katajava.ContainerLimits;
import io.katajava.ContainerLog;
import io.katajava.ContainerStats;
import io.katajava.ContainerStatus;
import io.katajava.ContainerStatus.State;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.Healthcheck;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.agent.oci.OciResources;
import io.katajava.internal.cards.ListeningPorts;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.exec.InteractiveExecution;
import io.katajava.internal.exec.RunningCommand;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import io.katajava.internal.tar.HostSnapshot;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.spi.Ending;
import io.katajava.wait.WaitStrategy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A container in a sandbox of this JVM. */
public final class VmContainer implements Container {
  /** For a look at what the kernel knows; a guest that computes for others may be slow. */
  private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(30);

  /** A service of a guest without KVM takes its time. */
  private static final Duration LISTENING_PATIENCE = Duration.ofSeconds(15);

  private final ContainerHost host;
  private final GuestSession session;
  private final ContainerPlan plan;
  private final ContainerVolumes volumes;
  private final Consumer<String> onClosed;
  private final ContainerExec execs;
  private final @Nullable LogBuffer log;

  /** Held while the container changes its state; never by what only looks or executes. */
  private final ReentrantLock changing = new ReentrantLock();

  private volatile ContainerLimits limits;
  private volatile ContainerRun run;
  private volatile int restarts;
  private volatile boolean paused;
  private volatile boolean closed;
  private volatile ContainerRecord.Stage stage = ContainerRecord.Stage.CREATED;

  VmContainer(
      ContainerHost host, ContainerPlan plan, ContainerVolumes volumes, Consumer<String> onClosed) {
    this.host = host;
    this.session = host.session();
    this.plan = plan;
    this.volumes = volumes;
    this.onClosed = onClosed;
    this.limits = plan.spec().limits();
    this.run = new ContainerRun(host, plan);
    this.execs = new ContainerExec(host, this::openRun);
    this.log =
        plan.spec()
            .keptLog()
            .map(size -> new LogBuffer(size.bytes(), session.workers()))
            .orElse(null);
  }

  /**
   * A container that another JVM made; empty when the guest has it no longer, or never had.
   *
   * @param known what was written down
   */
  public static Optional<VmContainer> resumed(
      ContainerHost host, ContainerRecord known, Consumer<String> onClosed) {
    VmContainer container =
        new VmContainer(
            host,
            known.plan(),
            new ContainerVolumes(known.plan().id(), known.plan().spec(), Map.of()),
            onClosed);
    ContainerRun run = new ContainerRun(host, known.plan().withId(known.agentId()));
    if (!run.exists()) {
      return Optional.empty();
    }
    container.run = run;
    container.limits = known.limits();
    container.restarts = known.restarts();
    container.paused = known.paused();
    container.stage = known.stage();
    OptionalInt pid = known.pid();
    if (known.stage() == ContainerRecord.Stage.STARTING) {
      pid = run.startUnlessStarted();
      container.stage = ContainerRecord.Stage.STARTED;
    }
    if (container.stage == ContainerRecord.Stage.STARTED) {
      run.resume(pid, container.log);
      container.tellItsEnd();
    }
    return Optional.of(container);
  }

  public boolean needsThisJvm() {
    return volumes.needsThisJvm();
  }

  /** What another JVM has to know of it. */
  public ContainerRecord toRecord(ContainerRecord.Role role) {
    InteractiveExecution process = run.main();
    return new ContainerRecord(
        plan,
        agentId(),
        restarts,
        stage,
        paused,
        limits,
        process == null ? OptionalInt.empty() : process.pid(),
        role);
  }

  /** The end of its first process, if that runs and does something of its own. */
  public Optional<CompletableFuture<ExecOutcome>> work() {
    InteractiveExecution process = run.main();
    return process == null || plan.pause().isPresent()
        ? Optional.empty()
        : Optional.of(process.onExit());
  }

  /** Makes the container in the guest; leaves nothing on failure. */
  public void begin() {
    try {
      volumes.copyIn(session.link().client(), host::makeCarrier);
      run.create(limits);
    } catch (RuntimeException | Error e) {
      new Ending("container " + name())
          .step("discarding its volumes", () -> volumes.discard(session.link().client()))
          .addTo(e);
      throw e;
    }
  }

  /** Copies a directory of this container, a carrier, back to where it came from. */
  void copyIn(OpenDirectory source, String target, HostSnapshot notes) {
    new VmContainerFiles(session, execs, name()).copyIn(source, target, notes);
  }

  void copyBack(String source, OpenDirectory target, HostSnapshot before) {
    VmContainerFiles.toCopyBack(session, execs, name()).copyBack(source, target, before);
  }

  /** Copies back what the container may have written to directories of the host. */
  public void copyBack() {
    volumes.copyBack();
  }

  /** It is in the guest already under another id; there its first process runs. */
  public void takeOver(String agentId) {
    takeOver(agentId, true);
  }

  /** As {@link #takeOver(String)}; one that was not started still can be. */
  public void takeOver(String agentId, boolean started) {
    ContainerRun known = new ContainerRun(host, plan.withId(agentId));
    if (started) {
      known.resume(OptionalInt.empty(), log);
      stage = ContainerRecord.Stage.STARTED;
    }
    run = known;
    if (started) {
      started();
    }
  }

  /** What a copy of the guest has of it; nothing once its first process has ended. */
  public Optional<CopiedContainer> copy() {
    State now = status().state();
    return switch (now) {
      case CREATED -> Optional.of(new CopiedContainer(plan, agentId(), false));
      case RUNNING, PAUSED -> Optional.of(new CopiedContainer(plan, agentId(), true));
      case STOPPED, CLOSED, LOST -> Optional.empty();
    };
  }

  @Override
  public String id() {
    return plan.id();
  }

  /** The id the agent has for it now. */
  public String agentId() {
    return run.plan().id();
  }

  @Override
  public String name() {
    return plan.spec().name();
  }

  @Override
  public Sandbox sandbox() {
    return host.sandbox();
  }

  public String fingerprint() {
    return plan.fingerprint();
  }

  public Choice describeRootfs() {
    return new Choice(
        "root filesystem of " + name(),
        plan.rootfs().description(),
        plan.spec().image().isPresent() ? "it was asked for" : "no image was asked for");
  }

  public List<Choice> describeVolumes() {
    return volumes.choices();
  }

  @Override
  public Execution mainProcess() {
    InteractiveExecution process = run.main();
    if (process == null) {
      throw new IllegalStateException("container " + name() + " has not been started");
    }
    return process;
  }

  @Override
  public ContainerLog log() {
    if (log == null) {
      throw new IllegalStateException(
          "container " + name() + " keeps no log; make it with keepLog(...)");
    }
    return log;
  }

  @Override
  public Optional<Healthcheck> healthcheck() {
    return plan.spec()
        .healthcheck()
        .or(plan.rootfs().config()::healthcheck)
        .filter(check -> !check.isNone());
  }

  boolean keepsLog() {
    return log != null;
  }

  @Override
  public void waitUntil(WaitStrategy strategy) {
    mainProcess();
    ContainerWait.run(this, strategy, run.ended());
  }

  @Override
  public Set<Integer> listeningPorts() {
    boolean ours = session.link().keepsOutputAfterWait();
    ExecSpec look =
        ours
            ? looking("tcp-listeners", "/proc/net")
            : looking("cat", "/proc/net/tcp", "/proc/net/tcp6");
    ExecResult tables = execs.exec(look, ours ? "tcp-listeners" : "", ContainerExec.deadline(look));
    if (tables.outcome() instanceof ExecOutcome.TimedOut late) {
      throw new KataException(
          ErrorCode.TIMEOUT,
          "could not look which ports container " + name() + " listens on: it " + late.describe(),
          Details.none().withSandbox(session.id()));
    }
    // A kernel without IPv6 has no second table, which is no failure.
    return ListenTable.ports((ours ? tables.orThrow() : tables).stdoutText());
  }

  /** As root, whatever the container's user is. */
  private ExecSpec looking(String... command) {
    Duration limit = session.link().callTimeout();
    return ExecSpec.command(command)
        .user("0:0")
        .workdir("/")
        .timeout(limit.compareTo(LOOK_TIMEOUT) < 0 ? limit : LOOK_TIMEOUT)
        .build();
  }

  @Override
  public ContainerFiles files() {
    return new VmContainerFiles(session, execs, name());
  }

  @Override
  public ContainerStatus status() {
    InteractiveExecution process = run.main();
    Optional<ExecOutcome> outcome =
        process == null ? Optional.empty() : Optional.ofNullable(process.outcome());
    State state;
    if (closed) {
      state = State.CLOSED;
    } else if (!session.link().isOpen()) {
      state = State.LOST;
    } else if (process == null) {
      state = State.CREATED;
    } else if (outcome.isPresent()) {
      state = State.STOPPED;
    } else {
      state = paused ? State.PAUSED : State.RUNNING;
    }
    return new ContainerStatus(state, outcome, restarts);
  }

  @Override
  public ContainerStats stats() {
    ContainerRun now = openRun();
    return AgentFailures.translating(
        "read the figures of container " + name(),
        session,
        () -> StatsValues.of(session.link().client().statsContainer(now.plan().id())));
  }

  @Override
  public void start() {
    changing(
        () -> {
          State state = require("start", State.CREATED, State.STOPPED);
          host.requireAccepting("start container " + name());
          if (state == State.STOPPED) {
            renew();
          }
          stage = ContainerRecord.Stage.STARTING;
          host.remember();
          run.start(log);
          stage = ContainerRecord.Stage.STARTED;
          host.remember();
          started();
        });
  }

  private void started() {
    host.emit(new SandboxEvent.ContainerStarted(Instant.now(), name()));
    tellItsEnd();
  }

  private void tellItsEnd() {
    mainProcess()
        .onExit()
        .thenAccept(
            outcome -> host.emit(new SandboxEvent.ContainerExited(Instant.now(), name(), outcome)));
  }

  /** Another container in place of the ended one, on the same files. */
  private void renew() {
    ContainerRun old = run;
    old.killAll();
    int count = restarts + 1;
    ContainerRun next = new ContainerRun(host, plan.withId(plan.id() + "." + count));
    if (session.link().keepsOutputAfterWait()) {
      // Our agent counts who uses a filesystem: made before the old one goes, it stays.
      next.create(limits);
      old.remove();
    } else {
      old.remove();
      next.create(limits);
    }
    restarts = count;
    paused = false;
    run = next;
    stage = ContainerRecord.Stage.CREATED;
  }

  @Override
  public void signal(int signal) {
    mainProcess().signal(signal);
  }

  @Override
  public void kill() {
    openRun().killAll();
  }

  @Override
  public void stop(Duration grace) {
    changing(() -> end(grace));
  }

  private void end(Duration grace) {
    State state = require("stop", State.RUNNING, State.PAUSED, State.STOPPED, State.CREATED);
    if (state == State.CREATED || state == State.STOPPED) {
      run.killAll();
      return;
    }
    if (state == State.PAUSED) {
      thaw();
    }
    Execution process = mainProcess();
    process.signal(StopSignal.of(plan.rootfs().config(), name()));
    process.waitFor(grace);
    run.killAll();
    process.waitFor(RunningCommand.KILL_GRACE);
  }

  @Override
  public void restart(Duration grace) {
    SandboxConnections connections = host.connections();
    ListeningPorts[] gone = new ListeningPorts[1];
    changing(
        () -> {
          ListeningPorts before = connections.listening();
          end(grace);
          // Others' are listened at still.
          gone[0] = before.isEmpty() ? before : before.without(connections.listening());
          start();
        });
    connections.awaitListening(
        gone[0], LISTENING_PATIENCE, () -> status().state() != State.RUNNING);
  }

  @Override
  public void pause() {
    changing(
        () -> {
          require("pause", State.RUNNING);
          AgentFailures.translating(
              "pause container " + name(),
              session,
              () -> session.link().client().pauseContainer(agentId()));
          paused = true;
          host.remember();
        });
  }

  @Override
  public void resume() {
    changing(
        () -> {
          require("resume", State.PAUSED);
          thaw();
        });
  }

  private void thaw() {
    AgentFailures.translating(
        "resume container " + name(),
        session,
        () -> session.link().client().resumeContainer(agentId()));
    paused = false;
    host.remember();
  }

  @Override
  public void update(ContainerLimits change) {
    changing(
        () -> {
          require("update", State.CREATED, State.RUNNING, State.PAUSED, State.STOPPED);
          OciResources sent = change.toOciAfter(limits);
          AgentFailures.translating(
              "change the limits of container " + name(),
              session,
              () -> session.link().client().updateContainer(agentId(), sent));
          limits = limits.changedBy(change);
          host.remember();
        });
  }

  private void changing(Runnable change) {
    changing.lock();
    try {
      change.run();
    } finally {
      changing.unlock();
    }
  }

  private State require(String what, State... allowed) {
    ContainerStatus now = status();
    for (State state : allowed) {
      if (now.state() == state) {
        return state;
      }
    }
    ErrorCode code =
        switch (now.state()) {
          case CLOSED -> ErrorCode.CLOSED;
          case LOST -> ErrorCode.AGENT_LOST;
          default -> ErrorCode.INVALID_STATE;
        };
    throw new KataException(
        code,
        "cannot " + what + " container " + name() + ": it is " + now.state(),
        Details.none().withSandbox(session.id()));
  }

  private ContainerRun openRun() {
    if (closed) {
      throw new KataException(
          ErrorCode.CLOSED,
          "container " + name() + " of sandbox " + session.id() + " is closed",
          Details.none().withSandbox(session.id()));
    }
    return run;
  }

  @Override
  public ExecResult exec(ExecSpec spec) {
    return execs.exec(spec);
  }

  public ExecResult exec(ExecSpec spec, Optional<Deadline> deadline) {
    return execs.exec(spec, "", deadline);
  }

  public CompletableFuture<ExecResult> execAsync(ExecSpec spec, Optional<Deadline> deadline) {
    return execs.execAsync(spec, deadline);
  }

  public Execution execInteractive(ExecSpec spec, Optional<Deadline> deadline) {
    return execs.execInteractive(spec, deadline);
  }

  @Override
  public CompletableFuture<ExecResult> execAsync(ExecSpec spec) {
    return execs.execAsync(spec);
  }

  @Override
  public Execution execInteractive(ExecSpec spec) {
    return execs.execInteractive(spec);
  }

  @Override
  public void close() {
    changing(
        () -> {
          if (!closed) {
            closed = true;
            boolean reachable = session.link().answers();
            Ending end = new Ending("container " + name());
            if (reachable) {
              end.step("killing its processes", run::killAll);
              end.step("copying directories back", volumes::copyBack);
            }
            if (reachable && session.link().isOpen()) {
              end.step("discarding its volumes", () -> volumes.discard(session.link().client()));
              end.step("removing it from the guest", run::remove);
            }
            end.step("forgetting it", () -> onClosed.accept(plan.id()));
            if (!reachable && session.link().isOpen()) {
              end.failed(
                  "removing it from the guest",
                  new KataException(
                      ErrorCode.TIMEOUT,
                      "container " + name() + " stays in its guest, which does not answer",
                      Details.none()
                          .withSandbox(session.id())
                          .withRemedy("Close the session, which ends the machine")));
            }
            end.orThrow();
          }
        });
  }

  @Override
  public String toString() {
    return "Container[" + name() + " in " + session.id() + " " + status().state() + "]";
  }
}
