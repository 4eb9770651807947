package io.katajava.internal.container;

import io.katajava.CommandNotStartedException;
import io.katajava.ContainerLimits;
import io.katajava.ContainerLog.Stream;
import io.katajava.Deadline;
import io.katajava.ExecOutcome;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.internal.exec.AgentProcess;
import io.katajava.internal.exec.InteractiveExecution;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A container as the agent knows it: one id, one first process. A restart makes another one. */
final class ContainerRun {
  private static final Logger log = LoggerFactory.getLogger(ContainerRun.class);
  private static final int SIGKILL = 9;
  private static final Duration REMOVE_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration DRAIN_GRACE = Duration.ofSeconds(5);

  private final ContainerHost host;
  private final GuestSession session;
  private final ContainerPlan plan;
  private final AgentClient client;
  private volatile @Nullable InteractiveExecution main;

  ContainerRun(ContainerHost host, ContainerPlan plan) {
    this.host = host;
    this.session = host.session();
    this.plan = plan;
    this.client = session.link().patientClient();
  }

  ContainerPlan plan() {
    return plan;
  }

  /** The first process; null before it was started. */
  @Nullable InteractiveExecution main() {
    return main;
  }

  /** The end of the first process, after that of its output unless it dawdles. */
  CompletableFuture<ExecOutcome> ended() {
    InteractiveExecution process = main;
    if (process == null) {
      throw new IllegalStateException("the container was not started");
    }
    return process.ended(DRAIN_GRACE);
  }

  /** Makes the container in the guest; leaves nothing on failure. */
  void create(ContainerLimits limits) {
    try {
      timed().createContainer(plan.toRequest(limits, host.pidHolderId()));
    } catch (AgentException e) {
      throw failure("create", e);
    }
  }

  /** Starts the first process; its output goes to the log, or to streams when there is none. */
  void start(@Nullable LogBuffer kept) {
    long requested = System.nanoTime();
    OptionalInt pid;
    try {
      pid = timed().startContainer(plan.id());
    } catch (AgentException e) {
      throw failure("start", e);
    }
    session.endPhase();
    follow(pid, requested, kept);
  }

  /** The first process was started before, by another JVM or in the guest this one is a copy of. */
  void resume(OptionalInt pid, @Nullable LogBuffer kept) {
    follow(pid, System.nanoTime(), kept);
  }

  /** Another JVM was about to start it, and perhaps did; now it is started. */
  OptionalInt startUnlessStarted() {
    try {
      return timed().startContainer(plan.id());
    } catch (AgentException e) {
      if (e.status() == TtrpcStatus.FAILED_PRECONDITION) {
        return OptionalInt.empty();
      }
      throw failure("start", e);
    }
  }

  /** Whether the agent knows it. */
  boolean exists() {
    try {
      timed().statsContainer(plan.id());
      return true;
    } catch (AgentException e) {
      if (e.status() == TtrpcStatus.INVALID_ARGUMENT || e.status() == TtrpcStatus.NOT_FOUND) {
        return false;
      }
      throw AgentFailures.translate("look for container " + plan.spec().name(), session, e);
    }
  }

  private void follow(OptionalInt pid, long requested, @Nullable LogBuffer kept) {
    AgentProcess process = new AgentProcess(client, plan.id(), plan.id(), pid);
    boolean terminal = plan.spec().process().terminal().isPresent();
    main =
        kept == null
            ? InteractiveExecution.of(plan.mainCommand(), process, session, requested, terminal)
            : InteractiveExecution.logged(
                plan.mainCommand(),
                process,
                session,
                requested,
                kept.sink(Stream.STDOUT),
                kept.sink(Stream.STDERR));
  }

  private KataException failure(String attempt, AgentException e) {
    return notStarted(plan.mainCommand(), e)
        .orElseGet(
            () ->
                AgentFailures.translate(attempt + " container " + plan.spec().name(), session, e));
  }

  /** The exception for a command that never ran, if that is what the agent says. */
  Optional<KataException> notStarted(List<String> command, AgentException e) {
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
                        + session.id()
                        + " "
                        + outcome.describe(),
                    Details.none().withSandbox(session.id()).withCause(e)));
  }

  private AgentClient timed() {
    return session.link().timed();
  }

  /** Kills every process of the container. */
  void killAll() {
    killAll(Deadline.after(session.link().callTimeout()));
  }

  private void killAll(Deadline deadline) {
    try {
      // The empty exec id means all processes of the container.
      session.link().within(timed(), Optional.of(deadline)).signalProcess(plan.id(), "", SIGKILL);
    } catch (AgentException e) {
      // It has ended already; removing it tells if anything is wrong.
      log.debug("[{}] kill {}: {}", session.id(), plan.id(), e.getMessage());
    }
  }

  /** Kills what is left of it and forgets it; a guest that answers nothing is not asked twice. */
  void remove() {
    if (!session.link().isOpen()) {
      return;
    }
    Deadline deadline = Deadline.after(session.link().callTimeout());
    killAll(deadline);
    InteractiveExecution process = main;
    if (process != null) {
      process.close();
    }
    try {
      Duration left = deadline.remainingAtMost(REMOVE_TIMEOUT);
      session.link().within(timed(), Optional.of(deadline)).removeContainer(plan.id(), left);
    } catch (AgentException e) {
      if (session.link().isOpen()) {
        log.warn(
            "[{}] container {} could not be removed: {}",
            session.id(),
            plan.spec().name(),
            e.toString());
      }
    }
  }
}
