package io.katajava.sdk;

import io.katajava.Choice;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.StartPhase;
import io.katajava.guest.KataGuestProvider;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.ForwardingHypervisor;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A program that starts a sandbox and stops at a given point of it, to be killed there. Arguments:
 * state directory, point. Prints {@code at POINT} and then waits for ever.
 */
final class Victim {
  /** The point of a victim that says when it begins and then does not stop until it is killed. */
  static final String ANYWHERE = "anywhere";

  private Victim() {}

  public static void main(String[] arguments) throws Exception {
    Path state = Path.of(arguments[0]);
    String point = arguments[1];
    Hypervisor real = QemuConfig.builder().build().toHypervisor();
    GuestProvider guest = new KataGuestProvider();
    Kata kata =
        Kata.builder()
            .stateDirectory(state)
            .hypervisor(new Stopping(real, point))
            .guest(
                request -> {
                  stopAt("guest", point);
                  return guest.provide(request);
                })
            .rootfs(
                request -> {
                  stopAt("rootfs", point);
                  return Optional.empty();
                })
            .build();
    if (point.equals(ANYWHERE)) {
      System.out.println("at " + ANYWHERE);
    }
    Sandbox sandbox = kata.sandbox().birth(io.katajava.BirthPolicy.COLD).image("busybox").start();
    stopAt("running", point);
    Execution execution =
        sandbox.execInteractive(exec -> exec.command("sh", "-c", "echo up; sleep 600"));
    stopAt("first-output", point);
    execution.stdout().read();
    stopAt("exec", point);
    if (point.equals(ANYWHERE)) {
      new CountDownLatch(1).await();
    }
    throw new IllegalStateException("there is no point " + point);
  }

  private static void stopAt(String here, String point) {
    if (here.equals(point)) {
      System.out.println("at " + here);
      System.out.flush();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A hypervisor that stops on its way. */
  private static final class Stopping extends ForwardingHypervisor {
    private final String point;

    Stopping(Hypervisor real, String point) {
      super(real);
      this.point = point;
    }

    @Override
    public VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException {
      stopAt("host", point);
      VirtualMachine vm = super.launch(spec, new StoppingContext(context, point));
      stopAt("boot", point);
      return vm;
    }

    @Override
    public List<Choice> describe(VmSpec spec) {
      // Asked for when the agent has answered, before the sandbox is made.
      stopAt("agent", point);
      return super.describe(spec);
    }
  }

  private record StoppingContext(StartContext real, String point) implements StartContext {
    @Override
    public String sandboxId() {
      return real.sandboxId();
    }

    @Override
    public Path stateDirectory() {
      return real.stateDirectory();
    }

    @Override
    public Deadline deadline() {
      return real.deadline();
    }

    @Override
    public void enter(StartPhase phase) {
      real.enter(phase);
      stopAt(phase.label(), point);
    }

    @Override
    public void recordProcess(long pid) {
      stopAt("spawned", point);
      real.recordProcess(pid);
      stopAt("recorded", point);
    }

    @Override
    public KataException failure(
        ErrorCode code,
        String message,
        @Nullable String remedy,
        VmEvidence evidence,
        @Nullable Throwable cause) {
      return real.failure(code, message, remedy, evidence, cause);
    }
  }
}
