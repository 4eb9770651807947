package io.katajava.internal.container;

import io.katajava.ContainerLimits;
import io.katajava.ContainerStatus;
import io.katajava.ContainerStatus.State;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.SandboxEvent;
import io.katajava.agent.oci.OciResources;
import io.katajava.internal.cards.ListeningPorts;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.exec.InteractiveExecution;
import io.katajava.internal.exec.RunningCommand;
import io.katajava.internal.link.AgentCapability;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import io.katajava.spi.Ending;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What becomes of a container from its making to its end: its state, and every change of it. */
final class ContainerLife {
  /** A service of a guest without KVM takes its time. */
  private static final Duration LISTENING_PATIENCE = Duration.ofSeconds(15);

  private final ContainerHost host;
  private final GuestSession session;
  private final ContainerPlan plan;
  private final ContainerVolumes volumes;
  private final @Nullable LogBuffer log;

  /** Held while the container changes its state; never by what only looks or executes. */
  private final ReentrantLock changing = new ReentrantLock();

  private volatile ContainerLimits limits;
  private volatile ContainerRun run;
  private volatile int restarts;
  private volatile boolean paused;
  private volatile boolean closed;
  private volatile ContainerRecord.Stage stage = ContainerRecord.Stage.CREATED;

  ContainerLife(
      ContainerHost host, ContainerPlan plan, ContainerVolumes volumes, @Nullable LogBuffer log) {
    this.host = host;
    this.session = host.session();
    this.plan = plan;
    this.volumes = volumes;
    this.log = log;
    this.limits = plan.spec().limits();
    this.run = new ContainerRun(host, plan);
  }

  private String name() {
    return plan.spec().name();
  }

  /** The id the agent has for it now. */
  String agentId() {
    return run.plan().id();
  }

  /** Its first process, null before it was started. */
  @Nullable InteractiveExecution main() {
    return run.main();
  }

  CompletableFuture<ExecOutcome> ended() {
    return run.ended();
  }

  /** Its first process. */
  InteractiveExecution requireMain() {
    InteractiveExecution process = run.main();
    if (process == null) {
      throw new IllegalStateException("container " + name() + " has not been started");
    }
    return process;
  }

  /**
   * Goes on where another JVM was.
   *
   * @param known what that JVM wrote down
   * @return whether the guest still has it
   */
  boolean resume(ContainerRecord known) {
    ContainerRun there = new ContainerRun(host, plan.withId(known.agentId()));
    if (!there.exists()) {
      return false;
    }
    if (adopt(there, known)) {
      tellItsEnd();
    }
    return true;
  }

  /** Goes on as a copy of a container that the guest was saved with. */
  void continueCopy(ContainerRecord known) {
    if (adopt(new ContainerRun(host, plan.withId(known.agentId())), known)) {
      started();
    }
  }

  /** Whether its first process has been started. */
  private boolean adopt(ContainerRun there, ContainerRecord known) {
    run = there;
    limits = known.limits();
    restarts = known.restarts();
    paused = known.paused();
    stage = known.stage();
    OptionalInt pid = known.pid();
    if (stage == ContainerRecord.Stage.STARTING) {
      pid = there.startUnlessStarted();
      stage = ContainerRecord.Stage.STARTED;
    }
    if (stage == ContainerRecord.Stage.STARTED) {
      there.resume(pid, log);
    }
    return stage == ContainerRecord.Stage.STARTED;
  }

  /** What another JVM has to know of it. */
  ContainerRecord toRecord(ContainerRecord.Role role) {
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

  /** Makes the container in the guest; leaves nothing on failure. */
  void begin() {
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

  /** It was made in the guest before this start, under another id; its first process runs. */
  void takeOver(String agentId) {
    ContainerRun known = new ContainerRun(host, plan.withId(agentId));
    known.resume(OptionalInt.empty(), log);
    stage = ContainerRecord.Stage.STARTED;
    run = known;
    started();
  }

  ContainerStatus status() {
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

  void start() {
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
    requireMain()
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
    if (session.link().can(AgentCapability.COUNTED_FILESYSTEMS)) {
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

  void kill() {
    openRun().killAll();
  }

  void stop(Duration grace) {
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
    Execution process = requireMain();
    process.signal(StopSignal.of(plan.rootfs().config(), name()));
    process.waitFor(grace);
    run.killAll();
    process.waitFor(RunningCommand.KILL_GRACE);
  }

  void restart(Duration grace) {
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

  void pause() {
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

  void resume() {
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

  void update(ContainerLimits change) {
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

  /** What runs now, for whoever wants something of it. */
  ContainerRun openRun() {
    if (closed) {
      throw new KataException(
          ErrorCode.CLOSED,
          "container " + name() + " of sandbox " + session.id() + " is closed",
          Details.none().withSandbox(session.id()));
    }
    return run;
  }

  /** Ends it and removes it from the guest. */
  void close(Consumer<String> onClosed) {
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
                          .withRemedy("Close the sandbox, which ends the machine")));
            }
            end.orThrow();
          }
        });
  }
}
