package io.katajava.internal.observe;

import io.katajava.Birth;
import io.katajava.KataException;
import io.katajava.StartPhase;
import io.katajava.agent.AgentException;
import io.katajava.agent.AgentObserver;
import io.katajava.spi.CommandObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** How one sandbox is watched: its start and phases, the calls of its agent and its hypervisor. */
public final class SandboxWatch implements AgentObserver {
  /** They wait as long as a container or the sandbox runs, which is part of nothing. */
  private static final Set<String> UNENDING =
      Set.of("WaitProcess", "ReadStdout", "ReadStderr", "GetOOMEvent");

  private final Telemetry telemetry;
  private final String id;
  private final long beganNanos = System.nanoTime();

  private final CommandObserver commands = new Commands();

  // A start is one thread's work; what it does on others asks for the parent only.
  private volatile @Nullable Followed start;
  private volatile @Nullable Followed phase;

  SandboxWatch(Telemetry telemetry, String id) {
    this.telemetry = telemetry;
    this.id = id;
  }

  /**
   * The start begins, on this thread.
   *
   * @param name as {@link Operation#name()} says
   */
  public void begin(String name) {
    start = telemetry.begin(Operation.Kind.START, name, "", id, null);
  }

  /**
   * A phase begins, and the one before ends with it.
   *
   * @param next which
   */
  public void enter(StartPhase next) {
    endPhase(null);
    phase = telemetry.begin(Operation.Kind.PHASE, next.label(), "", id, observation(start));
  }

  /**
   * A phase is over.
   *
   * @param failure why it failed, or null
   */
  public void endPhase(@Nullable Throwable failure) {
    Followed last = phase;
    phase = null;
    if (last != null) {
      last.end(failure);
    }
  }

  /**
   * The sandbox runs.
   *
   * @param birth how it was born; null when it was not born but found, or is nobody's sandbox
   */
  public void started(Birth.@Nullable Kind birth) {
    endPhase(null);
    Followed whole = start;
    start = null;
    if (whole != null && birth != null) {
      whole.detail(Observation.BIRTH, Figures.label(birth));
    }
    if (whole != null) {
      whole.end(null);
    }
    if (birth != null) {
      telemetry.figures().started(birth, System.nanoTime() - beganNanos);
    }
  }

  /**
   * The sandbox could not be started.
   *
   * @param failure why
   * @param counts whether it counts as a start of a sandbox
   */
  public void failed(Throwable failure, boolean counts) {
    endPhase(failure);
    Followed whole = start;
    start = null;
    if (whole != null) {
      whole.end(failure);
    }
    if (counts && failure instanceof KataException known) {
      telemetry.figures().startFailed(known.code());
    }
  }

  /**
   * A command is about to be executed, on the thread of whoever wants it.
   *
   * @param program without its arguments
   * @return to be told of its end
   */
  public ExecWatch exec(String program) {
    return new ExecWatch(this, program);
  }

  /**
   * Output came from a command.
   *
   * @param error whether on standard error
   * @param bytes how much
   */
  public void output(boolean error, int bytes) {
    telemetry.figures().output(error, bytes);
  }

  /**
   * Lets tasks know whose work they do: in the log's context, and to observers.
   *
   * @param executor runs tasks
   * @return the same, or one that runs them with what is current where they come from
   */
  @SuppressWarnings("try") // The context is held, not used.
  public Executor around(Executor executor) {
    if (!LogContext.isKept() && !telemetry.carries()) {
      return executor;
    }
    return task ->
        executor.execute(
            telemetry.carrying(
                () -> {
                  try (LogContext context = LogContext.of(id)) {
                    task.run();
                  }
                }));
  }

  @Override
  public @Nullable Call begin(String rpc, String subject) {
    return UNENDING.contains(rpc) ? null : begin(rpc, subject, parent());
  }

  @Nullable Followed begin(String rpc, String subject, @Nullable Observation parent) {
    return telemetry.begin(Operation.Kind.RPC, rpc, subject, id, parent);
  }

  @Override
  public void end(@Nullable Call call, String rpc, long nanos, @Nullable AgentException failure) {
    Figures figures = telemetry.figures();
    figures.called(rpc, nanos);
    if (failure != null) {
      figures.callFailed(rpc, failure.status().name());
    }
    if (call instanceof Followed followed) {
      followed.end(failure);
    }
  }

  /**
   * The hypervisor's side of it.
   *
   * @return to be told of commands
   */
  public CommandObserver commands() {
    return commands;
  }

  private final class Commands implements CommandObserver {
    @Override
    public @Nullable Object begin(String command) {
      return telemetry.begin(Operation.Kind.HYPERVISOR, command, "", id, parent());
    }

    @Override
    public void end(
        @Nullable Object call, String command, long nanos, @Nullable Throwable failure) {
      Figures figures = telemetry.figures();
      figures.commanded(command, nanos);
      if (failure != null) {
        figures.commandFailed(command);
      }
      if (call instanceof Followed followed) {
        followed.end(failure);
      }
    }
  }

  String id() {
    return id;
  }

  Telemetry telemetry() {
    return telemetry;
  }

  /** During the start all is part of it; later the thread that asks knows what it is part of. */
  @Nullable Observation parent() {
    Followed whole = start;
    if (whole == null) {
      return null;
    }
    Observation inner = observation(phase);
    return inner == null ? whole.observation() : inner;
  }

  static @Nullable Observation observation(@Nullable Followed followed) {
    return followed == null ? null : followed.observation();
  }
}
