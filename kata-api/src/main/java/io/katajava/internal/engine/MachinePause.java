package io.katajava.internal.engine;

import io.katajava.KataException;
import io.katajava.SandboxEvent;
import io.katajava.SandboxState;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/** Stops a whole guest and lets it run again. */
final class MachinePause {
  private final VmSandbox sandbox;
  private final AtomicReference<SandboxState> state;
  private final ReentrantLock changing = new ReentrantLock();

  MachinePause(VmSandbox sandbox, AtomicReference<SandboxState> state) {
    this.sandbox = sandbox;
    this.state = state;
  }

  void pause() {
    changing.lock();
    try {
      if (!state.compareAndSet(SandboxState.RUNNING, SandboxState.PAUSED)) {
        return;
      }
      sandbox.link().asleep(true);
      try {
        sandbox.parts().vm().pause();
      } catch (RuntimeException e) {
        sandbox.link().asleep(false);
        state.compareAndSet(SandboxState.PAUSED, SandboxState.RUNNING);
        throw failure("pause", e);
      }
      sandbox.events().emit(new SandboxEvent.Paused(Instant.now()));
    } finally {
      changing.unlock();
    }
  }

  void resume() {
    changing.lock();
    try {
      if (state.get() != SandboxState.PAUSED) {
        return;
      }
      try {
        sandbox.parts().vm().resume();
      } catch (RuntimeException e) {
        throw failure("resume", e);
      }
      // Before anybody else asks it something.
      AgentFailures.translatingAnyway(
          "set the clock of a sandbox that was paused", sandbox, () -> sandbox.link().setClock());
      sandbox.link().asleep(false);
      state.compareAndSet(SandboxState.PAUSED, SandboxState.RUNNING);
      sandbox.events().emit(new SandboxEvent.Resumed(Instant.now()));
    } finally {
      changing.unlock();
    }
  }

  private KataException failure(String attempt, RuntimeException cause) {
    return MachineFailures.of(attempt + " sandbox " + sandbox.id(), sandbox, cause);
  }
}
