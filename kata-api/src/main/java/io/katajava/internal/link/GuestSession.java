package io.katajava.internal.link;

import io.katajava.StartPhase;
import io.katajava.internal.observe.SandboxWatch;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.run.TimelineRecorder;
import io.katajava.internal.run.Workers;

/**
 * The session with one sandbox's guest, from the agent's first answer to the machine's end: whose
 * it is, how it is reached, on which threads, who watches, and why it was lost.
 */
public final class GuestSession {
  private final AgentLink link;
  private final Workers workers;
  private final StartRun run;
  private volatile boolean ending;

  public GuestSession(StartRun run, AgentLink link, Workers workers) {
    this.run = run;
    this.link = link;
    this.workers = workers.around(run.watch());
  }

  /** The sandbox's id. */
  public String id() {
    return run.sandboxId();
  }

  public AgentLink link() {
    return link;
  }

  public Workers workers() {
    return workers;
  }

  public SandboxWatch watch() {
    return run.watch();
  }

  public TimelineRecorder timeline() {
    return run.timeline();
  }

  /** The phase under way is over, and none follows yet. */
  public void endPhase() {
    run.endPhase();
  }

  /** Only what belongs to the start itself is a phase of it. */
  public void enterOnce(StartPhase phase) {
    if (!run.timeline().has(phase)) {
      run.enter(phase);
    }
  }

  /** The sandbox's holder ends it: what breaks from now on does so on purpose. */
  public void endsNow() {
    ending = true;
  }

  public boolean isEnding() {
    return ending;
  }

  /** Why the guest is gone, as far as that is known. */
  public String lossReason() {
    return link.lossReason();
  }
}
