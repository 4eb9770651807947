package io.katajava.internal.observe;

import io.katajava.KataException;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** The events of the flight recorder. Their names and fields are listed in the documentation. */
final class FlightEvents {
  private FlightEvents() {}

  static @Nullable FlightEvent begin(Operation.Kind kind, String name, String subject, String id) {
    KataEvent event =
        switch (kind) {
          case START -> new StartEvent();
          case PHASE -> new PhaseEvent();
          case EXEC -> new ExecEvent();
          case RPC -> new RpcEvent();
          case HYPERVISOR -> new HypervisorEvent();
        };
    if (!event.isEnabled()) {
      return null;
    }
    event.operation = name;
    event.subject = subject;
    event.sandbox = id;
    event.begin();
    return event;
  }

  /** What all have in common. The recorder adds begin, duration (nanoseconds) and thread. */
  @Category("Kata")
  @StackTrace(false)
  abstract static class KataEvent extends Event implements FlightEvent {
    @Label("Operation")
    @Description("What was done: kind of start, phase, program, RPC or command")
    @Nullable String operation;

    @Label("Subject")
    @Description("What it was about, such as container/exec; may be empty")
    @Nullable String subject;

    @Label("Sandbox")
    @Description("The sandbox's id")
    @Nullable String sandbox;

    @Label("Detail")
    @Description("How a sandbox was born, how a command ended; else empty")
    @Nullable String detail = "";

    @Label("Failure")
    @Description("The code or kind of the failure; empty when there was none")
    @Nullable String failure = "";

    @Override
    public void detail(String key, String value) {
      if (key.equals(Observation.BIRTH) || key.equals(Observation.OUTCOME)) {
        detail = value;
      }
    }

    @Override
    public void end(@Nullable Throwable thrown) {
      end();
      if (shouldCommit()) {
        if (thrown != null) {
          failure =
              thrown instanceof KataException known
                  ? known.code().name()
                  : thrown.getClass().getSimpleName();
        }
        commit();
      }
    }
  }

  @Name("io.katajava.SandboxStart")
  @Label("Sandbox Start")
  @Description("From the call to the running sandbox, or to its failure")
  static final class StartEvent extends KataEvent {}

  @Name("io.katajava.StartPhase")
  @Label("Start Phase")
  @Description("One phase of a start")
  static final class PhaseEvent extends KataEvent {}

  @Name("io.katajava.Exec")
  @Label("Exec")
  @Description("A command in a container, until it has ended and its output is complete")
  static final class ExecEvent extends KataEvent {}

  @Name("io.katajava.AgentCall")
  @Label("Agent Call")
  @Description("An RPC of the guest's agent")
  static final class RpcEvent extends KataEvent {}

  @Name("io.katajava.HypervisorCommand")
  @Label("Hypervisor Command")
  @Description("A command on the hypervisor's control connection; QMP with QEMU")
  static final class HypervisorEvent extends KataEvent {}
}
