package io.katajava.internal.sandbox;

import io.katajava.KataException;
import io.katajava.SandboxEvent;
import io.katajava.SandboxState;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import io.katajava.spi.VirtualMachine;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;

/** Stops a whole guest and lets it run again. */
final class MachinePause {
  private final GuestSession session;
  private final VirtualMachine vm;
  private final SandboxStates states;
  private final SandboxEvents events;
  private final ReentrantLock changing = new ReentrantLock();

  MachinePause(
      GuestSession session, VirtualMachine vm, SandboxStates states, SandboxEvents events) {
    this.session = session;
    this.vm = vm;
    this.states = states;
    this.events = events;
  }

  void pause() {
    changing.lock();
    try {
      if (!states.change(SandboxState.RUNNING, SandboxState.PAUSED)) {
        return;
      }
      session.link().asleep(true);
      try {
        vm.pause();
      } catch (RuntimeException e) {
        session.link().asleep(false);
        states.change(SandboxState.PAUSED, SandboxState.RUNNING);
        throw failure("pause", e);
      }
      events.emit(new SandboxEvent.Paused(Instant.now()));
    } finally {
      changing.unlock();
    }
  }

  void resume() {
    changing.lock();
    try {
      if (states.now() != SandboxState.PAUSED) {
        return;
      }
      try {
        vm.resume();
      } catch (RuntimeException e) {
        throw failure("resume", e);
      }
      // Before anybody else asks it something.
      AgentFailures.translatingAnyway(
          "set the clock of a sandbox that was paused", session, () -> session.link().setClock());
      session.link().asleep(false);
      states.change(SandboxState.PAUSED, SandboxState.RUNNING);
      events.emit(new SandboxEvent.Resumed(Instant.now()));
    } finally {
      changing.unlock();
    }
  }

  private KataException failure(String attempt, RuntimeException cause) {
    return MachineFailures.of(attempt + " sandbox " + session.id(), session, cause);
  }
}
