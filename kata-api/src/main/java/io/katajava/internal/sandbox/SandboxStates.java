package io.katajava.internal.sandbox;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.SandboxState;
import io.katajava.internal.link.GuestSession;
import io.katajava.spi.VirtualMachine;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** The state a sandbox is in, and what that allows. */
final class SandboxStates {
  private final GuestSession session;
  private final VirtualMachine vm;
  private final AtomicReference<SandboxState> state = new AtomicReference<>(SandboxState.STARTING);

  /** Commands of ours are taken even while the sandbox drains. */
  private volatile boolean copyingBack;

  SandboxStates(GuestSession session, VirtualMachine vm) {
    this.session = session;
    this.vm = vm;
  }

  SandboxState now() {
    return Objects.requireNonNull(state.get());
  }

  void set(SandboxState next) {
    state.set(next);
  }

  /** Changes it if it is what is expected. */
  boolean change(SandboxState expected, SandboxState next) {
    return state.compareAndSet(expected, next);
  }

  /** The end has begun; returns what was before. */
  SandboxState stopping() {
    session.endsNow();
    return Objects.requireNonNull(state.getAndSet(SandboxState.STOPPING));
  }

  boolean isBeforeEnd() {
    SandboxState now = now();
    return now == SandboxState.STARTING || now == SandboxState.RUNNING;
  }

  /** Closed, or about to be. */
  boolean isEnding() {
    SandboxState now = now();
    return now == SandboxState.STOPPING || now == SandboxState.STOPPED;
  }

  void requireRunning(String what) {
    SandboxState now = now();
    if (now == SandboxState.LOST) {
      throw new KataException(
          vm.onExit().isDone() ? ErrorCode.VM_EXITED : ErrorCode.AGENT_LOST,
          "cannot " + what + ": sandbox " + session.id() + " was lost: " + session.lossReason(),
          Details.none().withSandbox(session.id()));
    }
    if (now == SandboxState.DETACHED) {
      throw new KataException(
          ErrorCode.CLOSED,
          "cannot " + what + ": sandbox " + session.id() + " was detached from this JVM",
          Details.none().withSandbox(session.id()).withRemedy("Attach to it: kata.attach(id)"));
    }
    if (now == SandboxState.PAUSED) {
      session.link().requireAwake(what);
    }
    if (now == SandboxState.STOPPING || now == SandboxState.STOPPED) {
      throw new KataException(
          ErrorCode.CLOSED,
          "cannot " + what + ": sandbox " + session.id() + " is closed",
          Details.none().withSandbox(session.id()));
    }
  }

  /** Running, and not about to end. */
  void requireAccepting(String what) {
    requireRunning(what);
    if (now() == SandboxState.DRAINING) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "cannot " + what + ": sandbox " + session.id() + " is draining and accepts no new work",
          Details.none().withSandbox(session.id()));
    }
  }

  /** From now on commands are taken that copy back what containers wrote. */
  void copiesBack() {
    copyingBack = true;
  }

  /** Whether commands of users are refused, because it drains. */
  boolean refusesCommands() {
    return now() == SandboxState.DRAINING && !copyingBack;
  }
}
