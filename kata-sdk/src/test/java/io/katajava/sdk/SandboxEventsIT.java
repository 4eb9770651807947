package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Container;
import io.katajava.ExecOutcome;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.SandboxStats;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.QemuConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a sandbox tells about itself, from its first container to the end of its machine. */
class SandboxEventsIT {
  @TempDir Path directory;
  private final BlockingQueue<SandboxEvent> events = new LinkedBlockingQueue<>();

  private SandboxEvent await(Predicate<SandboxEvent> wanted) throws InterruptedException {
    SandboxEvent event = events.poll(60, TimeUnit.SECONDS);
    while (event != null && !wanted.test(event)) {
      event = events.poll(60, TimeUnit.SECONDS);
    }
    assertThat(event).isNotNull();
    return event;
  }

  @Test
  void events_fromStartToCrash_areTold() throws Exception {
    Leftovers leftovers = new Leftovers(directory.resolve("s"));
    try (Kata kata = Kata.builder().stateDirectory(directory.resolve("s")).build();
        Sandbox sandbox = kata.sandbox().start()) {
      sandbox.onEvent(events::add);
      try (Container container =
          sandbox
              .container("greedy")
              .memoryLimit(MemorySize.mebibytes(16))
              .command("sh", "-c", "tail -c 200m /dev/zero; exit 3")
              .start()) {
        assertThat(await(e -> true)).isInstanceOf(SandboxEvent.ContainerStarted.class);
        assertThat(await(SandboxEvent.OutOfMemory.class::isInstance))
            .extracting(e -> ((SandboxEvent.OutOfMemory) e).container())
            .isEqualTo("greedy");
        container.mainProcess().waitFor();
      }
      assertThat(sandbox.guestMetrics()).contains("# TYPE kata_agent_containers gauge");
      try (Container busy = sandbox.container("busy").start()) {
        busy.exec("sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").orThrow();
        SandboxStats stats = sandbox.stats();
        assertThat(stats.memory().total()).isGreaterThan(MemorySize.mebibytes(64));
        assertThat(stats.memory().used())
            .isBetween(MemorySize.mebibytes(1), stats.memory().total());
        assertThat(stats.cpu().busy()).isPositive();
        assertThat(stats.load().tasks()).isPositive();
        assertThat(stats.containers()).containsOnlyKeys("busy");
        assertThat(stats.containersCpu()).isPositive().isEqualTo(busyCpu(stats));
        assertThat(stats.containersMemory()).isGreaterThan(MemorySize.bytes(0));
        assertThat(stats.containersPids()).isEqualTo(1);
      }
      try (Container brief = sandbox.container("brief").command("sh", "-c", "exit 7").start()) {
        assertThat(
                await(
                    e ->
                        e instanceof SandboxEvent.ContainerExited exited
                            && exited.container().equals("brief")))
            .extracting(e -> ((SandboxEvent.ContainerExited) e).outcome())
            .isEqualTo(new ExecOutcome.Exited(7));
        brief.mainProcess().waitFor();
      }
      ProcessHandle.of(sandbox.hypervisorPid()).orElseThrow().destroyForcibly();

      assertThat(await(SandboxEvent.AgentLost.class::isInstance)).isNotNull();
      assertThat(await(SandboxEvent.VmExited.class::isInstance)).isNotNull();
    }
    leftovers.assertNone();
  }

  private static Duration busyCpu(SandboxStats stats) {
    return stats.containers().get("busy").cpu().total();
  }

  @Test
  void extraMonitor_isToldToEverySubscriberFirst() throws Exception {
    QemuConfig qemu =
        QemuConfig.builder().debug(debug -> debug.extraMonitor(ExtraMonitor.HMP)).build();
    try (Kata kata =
            Kata.builder().stateDirectory(directory.resolve("s")).hypervisor(qemu).build();
        Sandbox sandbox = kata.sandbox().start()) {
      assertThat(sandbox.isTrusted()).isFalse();
      for (int i = 0; i < 2; i++) {
        try (Sandbox.Subscription subscription = sandbox.onEvent(events::add)) {
          assertThat(subscription).isNotNull();
          assertThat(await(e -> true))
              .isInstanceOfSatisfying(
                  SandboxEvent.Untrusted.class,
                  event -> assertThat(event.reason()).contains("extra monitor: hmp"));
        }
      }
    }
  }

  @Test
  void extraArgument_thatOpens_isToldAndDescribedLikeTheExtraMonitor() throws Exception {
    QemuConfig qemu =
        QemuConfig.builder()
            .extraArguments("-d", "guest_errors")
            .extraArguments("-gdb", "unix:path=debugger.sock,server=on,wait=off")
            .debug(debug -> {})
            .build();
    try (Kata kata =
            Kata.builder().stateDirectory(directory.resolve("s")).hypervisor(qemu).build();
        Sandbox sandbox = kata.sandbox().start()) {
      assertThat(sandbox.isTrusted()).isFalse();
      assertThat(sandbox.describe())
          .filteredOn(choice -> choice.what().equals("extra argument"))
          .satisfiesExactly(
              opens ->
                  assertThat(opens)
                      .asString()
                      .contains("-gdb", "debugger", "this machine is untrusted"),
              inside -> assertThat(inside).asString().contains("-d guest_errors", "asked for"));
      try (Sandbox.Subscription subscription = sandbox.onEvent(events::add)) {
        assertThat(subscription).isNotNull();
        assertThat(await(e -> true))
            .isInstanceOfSatisfying(
                SandboxEvent.Untrusted.class,
                event -> assertThat(event.reason()).contains("extra argument: -gdb"));
      }
    }
  }
}
