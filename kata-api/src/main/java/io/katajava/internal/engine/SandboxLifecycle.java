package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.SandboxEvent;
import io.katajava.SandboxState;
import io.katajava.internal.observe.LogContext;
import io.katajava.spi.Ending;
import io.katajava.spi.VmExit;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** From running to stopped, lost or let go: the states of a sandbox and what they allow. */
final class SandboxLifecycle {
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);
  private static final Duration DRAINED_GRACE = Duration.ofSeconds(10);

  /** How long a guest may take to write to its disks what it holds in memory. */
  private static final Duration FLUSH = Duration.ofSeconds(60);

  private final VmSandbox sandbox;
  private final VmSandbox.Parts parts;
  private final StartRun run;
  private final Consumer<VmSandbox> onClosed;
  private final AtomicReference<SandboxState> state = new AtomicReference<>(SandboxState.STARTING);
  private final ReentrantLock closing = new ReentrantLock();
  private final ReentrantLock losing = new ReentrantLock();
  private final MachinePause pause;
  private final LifeLimits limits;

  /** Whether the guest may hold something that must reach the host before it ends. */
  private volatile boolean keepsOnHost;

  /** Commands of ours are taken even while the sandbox drains. */
  private volatile boolean copyingBack;

  /** What {@link #drain} of one that is closed says: nothing ran that its end had to kill. */
  private volatile boolean endedByItself;

  /** Until when a drain that goes on may wait, by the clock of the JVM. */
  private volatile long drainedBy = System.nanoTime();

  SandboxLifecycle(
      VmSandbox sandbox, VmSandbox.Parts parts, StartRun run, Consumer<VmSandbox> onClosed) {
    this.sandbox = sandbox;
    this.parts = parts;
    this.run = run;
    this.onClosed = onClosed;
    this.pause = new MachinePause(sandbox, state);
    this.limits = new LifeLimits(sandbox, parts.spec().life());
  }

  /** A container has something on the host that outlives it. */
  void keepsOnHost() {
    keepsOnHost = true;
  }

  SandboxState state() {
    return Objects.requireNonNull(state.get());
  }

  boolean isBeforeEnd() {
    SandboxState now = state();
    return now == SandboxState.STARTING || now == SandboxState.RUNNING;
  }

  /** The guest runs; its loss is not watched for. */
  void runs() {
    state.set(SandboxState.RUNNING);
  }

  /** From now on the guest runs, and its loss is told. */
  void watch(Instant started) {
    runs();
    parts.link().started();
    limits.begin(started);
    parts.link().onLost().whenComplete((reason, failure) -> lost());
    parts.vm().onExit().thenAccept(this::vmExited);
  }

  /** Both ways to hear of the loss may come at once; the end of the machine is told last. */
  private void lost() {
    losing.lock();
    try {
      if (state.compareAndSet(SandboxState.RUNNING, SandboxState.LOST)
          || state.compareAndSet(SandboxState.DRAINING, SandboxState.LOST)
          || state.compareAndSet(SandboxState.PAUSED, SandboxState.LOST)) {
        limits.close();
        Instant now = Instant.now();
        parts
            .vm()
            .evidence()
            .consoleTail()
            .lines()
            .filter(line -> line.contains("Kernel panic"))
            .findFirst()
            .ifPresent(
                line -> sandbox.events().emit(new SandboxEvent.GuestPanicked(now, line.strip())));
        sandbox.events().emit(new SandboxEvent.AgentLost(now, lossReason()));
      }
    } finally {
      losing.unlock();
    }
  }

  private void vmExited(VmExit exit) {
    if (state() == SandboxState.DETACHED) {
      return;
    }
    lost();
    sandbox.events().emit(new SandboxEvent.VmExited(Instant.now(), exit));
  }

  /** Why the machine is gone, as far as that is known. */
  String lossReason() {
    VmExit exit = parts.vm().onExit().getNow(null);
    if (exit != null) {
      return "the hypervisor ended with status " + exit.status() + ", " + exit.reason();
    }
    return parts.link().lossReason();
  }

  void requireRunning(String what) {
    SandboxState now = state();
    if (now == SandboxState.LOST) {
      throw new KataException(
          parts.vm().onExit().isDone() ? ErrorCode.VM_EXITED : ErrorCode.AGENT_LOST,
          "cannot " + what + ": sandbox " + sandbox.id() + " was lost: " + lossReason(),
          Details.none().withSandbox(sandbox.id()));
    }
    if (now == SandboxState.DETACHED) {
      throw new KataException(
          ErrorCode.CLOSED,
          "cannot " + what + ": sandbox " + sandbox.id() + " was let go of",
          Details.none().withSandbox(sandbox.id()).withRemedy("Attach to it: kata.attach(id)"));
    }
    if (now == SandboxState.PAUSED) {
      parts.link().requireAwake(what);
    }
    if (now == SandboxState.STOPPING || now == SandboxState.STOPPED) {
      throw new KataException(
          ErrorCode.CLOSED,
          "cannot " + what + ": sandbox " + sandbox.id() + " is closed",
          Details.none().withSandbox(sandbox.id()));
    }
  }

  /** Running, and not about to end. */
  void requireAccepting(String what) {
    requireRunning(what);
    if (state() == SandboxState.DRAINING) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "cannot " + what + ": sandbox " + sandbox.id() + " is draining, and takes nothing new",
          Details.none().withSandbox(sandbox.id()));
    }
  }

  /** Whether commands of users are refused, because it drains. */
  boolean refusesCommands() {
    return state() == SandboxState.DRAINING && !copyingBack;
  }

  /** What is done to the whole machine, after a look at whether it is there. */
  MachinePause machine(String attempt) {
    if (state() != SandboxState.PAUSED) {
      requireRunning(attempt + " the sandbox");
    }
    return pause;
  }

  boolean drain(Duration limit) {
    if (isEnding()) {
      // Whoever ends it is waited for, as by close().
      end(Duration.ZERO, false);
      return endedByItself;
    }
    requireRunning("drain it");
    state.compareAndSet(SandboxState.RUNNING, SandboxState.DRAINING);
    long deadline = System.nanoTime() + Math.max(0, limit.toNanos());
    drainedBy = deadline;
    boolean ended;
    try {
      ended = sandbox.activity().awaitNone(deadline) && sandbox.members().awaitWork(deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while sandbox " + sandbox.id() + " drained",
          Details.none().withSandbox(sandbox.id()).withCause(e));
    }
    endedByItself = ended && !isEnding();
    end(DRAINED_GRACE, true);
    return endedByItself;
  }

  /** Closed, or about to be. */
  boolean isEnding() {
    SandboxState now = state();
    return now == SandboxState.STOPPING || now == SandboxState.STOPPED;
  }

  /** The JVM ends: a drain that goes on keeps its time, and another one gets what there is. */
  void closeAtExit(Duration limit) {
    SandboxState now = state();
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
      if (state() == SandboxState.DETACHED) {
        return true;
      }
      if (detachment == null
          || !(state.compareAndSet(SandboxState.RUNNING, SandboxState.DETACHED)
              || state.compareAndSet(SandboxState.DRAINING, SandboxState.DETACHED))) {
        return false;
      }
      Ending end = new Ending("the hold on sandbox " + sandbox.id());
      end.step("stopping the clocks of its life", limits::close);
      end.step("closing the connection to the agent", parts.link()::close);
      end.step("letting go of the hypervisor", parts.vm()::detach);
      end.step("letting go of its lock", detachment::release);
      end.step("forgetting its containers", sandbox.members()::forgetAll);
      end.step("telling of its end", () -> onClosed.accept(sandbox));
      end.orThrow();
      return true;
    } finally {
      closing.unlock();
    }
  }

  @SuppressWarnings("try") // The context is held, not used.
  void end(Duration grace, boolean askAgent) {
    closing.lock();
    try (LogContext context = LogContext.of(sandbox.id())) {
      if (state() == SandboxState.STOPPED || state() == SandboxState.DETACHED) {
        return;
      }
      Ending end = new Ending("sandbox " + sandbox.id());
      end.step("stopping the clocks of its life", limits::close);
      end.step("copying directories back", this::copyBack);
      SandboxState before = Objects.requireNonNull(state.getAndSet(SandboxState.STOPPING));
      long deadline = System.nanoTime() + grace.toNanos();
      end.step("asking the guest to end", () -> askGuest(before, grace, askAgent));
      end.step("closing the connection to the agent", parts.link()::close);
      end.step(
          "stopping the hypervisor",
          () -> parts.vm().stop(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))));
      end.step("ending the hypervisor", parts.vm()::close);
      end.step("taking the networks back", parts.connections()::close);
      end.step("removing its state", this::removeState);
      Detachment detachment = parts.detachment();
      if (detachment != null) {
        end.step("letting go of its lock", detachment::close);
      }
      end.step("forgetting its containers", sandbox.members()::forgetAll);
      state.set(SandboxState.STOPPED);
      end.step("telling of its end", () -> onClosed.accept(sandbox));
      end.orThrow();
    } finally {
      closing.unlock();
    }
  }

  private void copyBack() {
    if (state() == SandboxState.RUNNING || state() == SandboxState.DRAINING) {
      copyingBack = true;
      sandbox.members().copyBack();
    }
  }

  private void askGuest(SandboxState before, Duration grace, boolean askAgent) {
    if (before != SandboxState.RUNNING && before != SandboxState.DRAINING) {
      return;
    }
    if (keepsOnHost) {
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
          "the hypervisor of sandbox " + sandbox.id() + " still runs; its record is kept",
          Details.none()
              .withSandbox(sandbox.id())
              .withRemedy("When this JVM has ended, 'kata cleanup' or the next runtime ends it"));
    }
    run.removeState();
  }
}
