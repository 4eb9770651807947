package io.katajava.internal.observe;

import io.katajava.ExecOutcome;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentException;
import io.katajava.agent.AgentObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import org.jspecify.annotations.Nullable;

/** How one execution is watched; the calls to the agent it takes are parts of it. */
public final class ExecWatch implements AgentObserver {
  private final SandboxWatch sandbox;
  private final long beganNanos = System.nanoTime();
  private final @Nullable Followed followed;

  ExecWatch(SandboxWatch sandbox, String program) {
    this.sandbox = sandbox;
    this.followed =
        sandbox.telemetry().begin(Operation.Kind.EXEC, program, "", sandbox.id(), sandbox.parent());
  }

  /**
   * The agent, for the calls of this execution.
   *
   * @param client the sandbox's
   * @return the same when nobody follows
   */
  public AgentClient on(AgentClient client) {
    return SandboxWatch.observation(followed) == null ? client : client.observedBy(this);
  }

  /**
   * It has ended, with all its output.
   *
   * @param outcome how
   */
  public void ended(ExecOutcome outcome) {
    sandbox.telemetry().figures().execEnded(outcome, System.nanoTime() - beganNanos);
    if (followed != null) {
      followed.detail(Observation.OUTCOME, outcome.describe());
      followed.end(null);
    }
  }

  /**
   * There is no outcome.
   *
   * @param failure why
   */
  public void failed(Throwable failure) {
    sandbox.telemetry().figures().execFailed(System.nanoTime() - beganNanos);
    if (followed != null) {
      followed.end(failure);
    }
  }

  @Override
  public @Nullable Call begin(String rpc, String subject) {
    return sandbox.begin(rpc, subject, SandboxWatch.observation(followed));
  }

  @Override
  public void end(@Nullable Call call, String rpc, long nanos, @Nullable AgentException failure) {
    sandbox.end(call, rpc, nanos, failure);
  }
}
