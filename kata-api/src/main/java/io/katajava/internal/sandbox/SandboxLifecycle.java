package io.katajava.internal.sandbox;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.SandboxEvent;
import io.katajava.SandboxState;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.ledger.ProcessIdentity;
import io.katajava.internal.link.GuestSession;
import io.katajava.internal.observe.LogContext;
import io.katajava.internal.run.StartRun;
import io.katajava.spi.Ending;
import io.katajava.spi.VmExit;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** From running to stopped, lost or let go: how a sandbox comes from state to state. */
final class SandboxLifecycle {
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);
  private static final Duration DRAINED_GRACE = Duration.ofSeconds(10);

  /** How long a guest may take to write to its disks what it holds in memory. */
  private static final Duration FLUSH = Duration.ofSeconds(60);

  private final GuestSession session;
  private final SandboxParts parts;
  private final StartRun run;
  private final SandboxStates states;
  private final SandboxEvents events;
  private final Activity activity;
  private final SandboxContainers containers;
  private final BooleanSupplier keptOnHost;
  private final Runnable onClosed;
  private final ReentrantLock closing = new ReentrantLock();
  private final ReentrantLock losing = new ReentrantLock();
  private final MachinePause pause;
  private final LifeLimits limits;

  /** What {@link #drain} of one that is closed says: nothing ran that its end had to kill. */
  private volatile boolean endedByItself;

  /** Until when a drain that goes on may wait, by the clock of the JVM. */
  private volatile long drainedBy = System.nanoTime();

  SandboxLifecycle(SandboxGround ground, SandboxContainers containers, Runnable onClosed) {
    this.session = ground.session();
    this.parts = ground.parts();
    this.run = ground.run();
    this.states = ground.states();
    this.events = ground.events();
    this.activity = ground.activity();
    this.containers = containers;
    this.keptOnHost = ground::isKeptOnHost;
    this.onClosed = onClosed;
    this.pause = new MachinePause(session, parts.vm(), states, events);
    this.limits =
        new LifeLimits(session, parts.spec().life(), activity, events, grace -> end(grace, true));
  }

  /** From now on the guest runs, and its loss is told. */
  void watch(Instant started) {
    states.set(SandboxState.RUNNING);
    parts.link().started();
    limits.begin(started);
    parts.link().onLost().whenComplete((reason, failure) -> lost());
    parts.vm().onExit().thenAccept(this::vmExited);
  }

  /** Both ways to hear of the loss may come at once; the end of the machine is told last. */
  private void lost() {
    losing.lock();
    try {
      if (states.change(SandboxState.RUNNING, SandboxState.LOST)
          || states.change(SandboxState.DRAINING, SandboxState.LOST)
          || states.change(SandboxState.PAUSED, SandboxState.LOST)) {
        limits.close();
        Instant now = Instant.now();
        parts
            .vm()
            .evidence()
            .consoleTail()
            .lines()
            .filter(line -> line.contains("Kernel panic"))
            .findFirst()
            .ifPresent(line -> events.emit(new SandboxEvent.GuestPanicked(now, line.strip())));
        events.emit(new SandboxEvent.AgentLost(now, session.lossReason()));
      }
    } finally {
      losing.unlock();
    }
  }

  private void vmExited(VmExit exit) {
    if (states.now() == SandboxState.DETACHED) {
      return;
    }
    lost();
    events.emit(new SandboxEvent.VmExited(Instant.now(), exit));
  }

  /** What is done to the whole machine, after a look at whether it is there. */
  MachinePause machine(String attempt) {
    if (states.now() != SandboxState.PAUSED) {
      states.requireRunning(attempt + " the sandbox");
    }
    return pause;
  }

  boolean drain(Duration limit) {
    if (states.isEnding()) {
      // Whoever ends it is waited for, as by close().
      end(Duration.ZERO, false);
      return endedByItself;
    }
    states.requireRunning("drain it");
    states.change(SandboxState.RUNNING, SandboxState.DRAINING);
    long deadline = System.nanoTime() + Math.max(0, limit.toNanos());
    drainedBy = deadline;
    boolean ended;
    try {
      ended = activity.awaitNone(deadline) && containers.awaitWork(deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while sandbox " + session.id() + " drained",
          Details.none().withSandbox(session.id()).withCause(e));
    }
    endedByItself = ended && !states.isEnding();
    end(DRAINED_GRACE, true);
    return endedByItself;
  }

  /** The JVM ends: a drain that goes on keeps its time, and another one gets what there is. */
  void closeAtExit(Duration limit) {
    SandboxState now = states.now();
    Duration begun = Duration.ofNanos(Math.max(0, drainedBy - System.nanoTime()));
    Duration wait = now == SandboxState.DRAINING && begun.compareTo(limit) > 0 ? begun : limit;
    boolean runs = now == SandboxState.RUNNING || now == SandboxState.DRAINING;
    if (runs && parts.detachment() == null && !wait.isZero()) {
      drain(wait);
    } else {
      close();
    }
  }

  void close() {
    if (parts.detachment() != null && letGo()) {
      return;
    }
    // Nothing in the guest outlives it, so its orderly shutdown would only cost time.
    end(CLOSE_GRACE, false);
  }

  /** Leaves the machine as it is; false when there is nothing that could go on. */
  private boolean letGo() {
    closing.lock();
    try {
      Detachment detachment = parts.detachment();
      if (states.now() == SandboxState.DETACHED) {
        return true;
      }
      if (detachment == null
          || !(states.change(SandboxState.RUNNING, SandboxState.DETACHED)
              || states.change(SandboxState.DRAINING, SandboxState.DETACHED))) {
        return false;
      }
      Ending end = new Ending("the attachment to sandbox " + session.id());
      end.step("stopping its life limits", limits::close);
      end.step("closing the connection to the agent", parts.link()::close);
      end.step("detaching from the hypervisor", parts.vm()::detach);
      end.step("releasing its lock", detachment::release);
      end.step("forgetting its containers", containers::forgetAll);
      end.step("reporting its end", onClosed::run);
      end.orThrow();
      return true;
    } finally {
      closing.unlock();
    }
  }

  @SuppressWarnings("try") // The context is held, not used.
  void end(Duration grace, boolean askAgent) {
    closing.lock();
    try (LogContext context = LogContext.of(session.id())) {
      if (states.now() == SandboxState.STOPPED || states.now() == SandboxState.DETACHED) {
        return;
      }
      Ending end = new Ending("sandbox " + session.id());
      end.step("stopping its life limits", limits::close);
      end.step("copying directories back", this::copyBack);
      SandboxState before = states.stopping();
      long deadline = System.nanoTime() + grace.toNanos();
      end.step("asking the guest to end", () -> askGuest(before, grace, askAgent));
      end.step("closing the connection to the agent", parts.link()::close);
      end.step(
          "stopping the hypervisor",
          () -> parts.vm().stop(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))));
      end.step("ending the hypervisor", parts.vm()::close);
      end.step("removing its networks", parts.connections()::close);
      end.step("removing its state", this::removeState);
      Detachment detachment = parts.detachment();
      if (detachment != null) {
        end.step("releasing its lock", detachment::close);
      }
      end.step("forgetting its containers", containers::forgetAll);
      states.set(SandboxState.STOPPED);
      end.step("reporting its end", onClosed::run);
      end.orThrow();
    } finally {
      closing.unlock();
    }
  }

  private void copyBack() {
    if (states.now() == SandboxState.RUNNING || states.now() == SandboxState.DRAINING) {
      states.copiesBack();
      containers.copyBack();
    }
  }

  private void askGuest(SandboxState before, Duration grace, boolean askAgent) {
    if (before != SandboxState.RUNNING && before != SandboxState.DRAINING) {
      return;
    }
    if (keptOnHost.getAsBoolean()) {
      // What the guest has not written yet would be lost, as by a power cut.
      parts.link().flushAndDestroySandbox(grace.compareTo(FLUSH) > 0 ? grace : FLUSH);
    } else if (askAgent && !grace.isZero() && !grace.isNegative()) {
      parts.link().destroySandbox(grace);
    }
  }

  /** The record stays as long as there may be something to end: a later runtime finds it there. */
  private void removeState() {
    if (!parts.vm().onExit().isDone()
        && run.entry().processes().stream().anyMatch(ProcessIdentity::isRunning)) {
      throw new KataException(
          ErrorCode.VM_UNRESPONSIVE,
          "the hypervisor of sandbox " + session.id() + " still runs; its record is kept",
          Details.none()
              .withSandbox(session.id())
              .withRemedy("When this JVM has ended, 'kata cleanup' or the next runtime ends it"));
    }
    run.removeState();
  }
}
