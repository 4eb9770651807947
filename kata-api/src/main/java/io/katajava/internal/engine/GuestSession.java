package io.katajava.internal.engine;

import io.katajava.StartPhase;
import io.katajava.internal.observe.SandboxWatch;

/**
 * The session with one sandbox's guest, from the agent's first answer to the machine's end: whose
 * it is, how it is reached, on which threads, who watches, and why it was lost.
 */
final class GuestSession {
  private final AgentLink link;
  private final Workers workers;
  private final StartRun run;
  private volatile boolean ending;

  GuestSession(StartRun run, AgentLink link, Workers workers) {
    this.run = run;
    this.link = link;
    this.workers = workers.around(run.watch());
  }

  /** The sandbox's id. */
  String id() {
    return run.sandboxId();
  }

  AgentLink link() {
    return link;
  }

  Workers workers() {
    return workers;
  }

  SandboxWatch watch() {
    return run.watch();
  }

  TimelineRecorder timeline() {
    return run.timeline();
  }

  /** The phase under way is over, and none follows yet. */
  void endPhase() {
    run.endPhase();
  }

  /** Only what belongs to the start itself is a phase of it. */
  void enterOnce(StartPhase phase) {
    if (!run.timeline().has(phase)) {
      run.enter(phase);
    }
  }

  /** The sandbox's holder ends it: what breaks from now on does so on purpose. */
  void endsNow() {
    ending = true;
  }

  boolean isEnding() {
    return ending;
  }

  /** Why the guest is gone, as far as that is known. */
  String lossReason() {
    return link.lossReason();
  }
}
