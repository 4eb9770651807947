package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.Container;
import io.katajava.ContainerLimits;
import io.katajava.ContainerStatus;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.SandboxState;
import io.katajava.agent.oci.OciRlimit;
import io.katajava.qemu.QemuConfig;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Running sandboxes copied, saved, stopped and let go again. */
@SuppressWarnings("NullAway.Init")
class ForkIT {
  private OpenStore store;

  @BeforeEach
  void begin() {
    store = new OpenStore();
  }

  @AfterEach
  void end() {
    new Leftovers(store.state()).assertNone();
    store.close();
  }

  private Kata kata(QemuConfig qemu) {
    return Kata.builder()
        .stateDirectory(store.state())
        .templates(store.settings())
        .hypervisor(qemu)
        .build();
  }

  private Kata kata() {
    return kata(QemuConfig.builder().build());
  }

  private static String ask(Sandbox sandbox, String... command) {
    return sandbox.exec(command).orThrow().stdoutText().strip();
  }

  @ParameterizedTest
  @EnumSource(
      value = BirthPolicy.class,
      names = {"COLD", "TEMPLATE_ON_DEMAND"})
  void fork_hasMemoryAndProcessesButAnotherIdentity(BirthPolicy policy) {
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().birth(policy).image("busybox").start();
        Container counter =
            parent
                .container("counter")
                .command("sh", "-c", "i=0; while sleep 0.05; do i=$((i+1)); echo $i > /n; done")
                .start()) {
      ask(parent, "sh", "-c", "echo before > /told");
      Set<String> seen = new HashSet<>();
      for (List<String> command : TemplateIT.Identity.COMMANDS) {
        seen.add(command + ask(parent, command.toArray(String[]::new)));
      }
      List<Sandbox> copies = parent.fork(2);
      ask(parent, "sh", "-c", "echo after > /told");

      assertThat(copies).hasSize(2);
      for (Sandbox copy : copies) {
        assertThat(copy.birth().kind()).isEqualTo(Birth.Kind.FORK);
        assertThat(copy.birth().pause())
            .hasValueSatisfying(pause -> assertThat(pause).isPositive());
        assertThat(ask(copy, "cat", "/told")).isEqualTo("before");
        assertThat(ask(copy, "hostname")).isEqualTo(copy.id());
        for (List<String> command : TemplateIT.Identity.COMMANDS) {
          String answer = ask(copy, command.toArray(String[]::new));
          assertThat(seen.add(command + answer)).as("%s is new: %s", command, answer).isTrue();
        }
        TemplateIT.Identity.assertClock(copy);
        assertCounts(named(copy, "counter"));
      }
      assertCounts(counter);
      copies.forEach(Sandbox::close);
      assertThat(ask(parent, "cat", "/told")).isEqualTo("after");
    }
  }

  /** Its process goes on: the number grows. */
  private static void assertCounts(Container counter) {
    String[] last = {counter.exec("cat", "/n").orThrow().stdoutText()};
    assertThat(
            Leftovers.within(
                java.time.Duration.ofSeconds(60),
                () -> {
                  String now = counter.exec("cat", "/n").orThrow().stdoutText();
                  boolean grown =
                      !now.isBlank()
                          && !last[0].isBlank()
                          && Long.parseLong(now.strip()) > Long.parseLong(last[0].strip());
                  last[0] = now.isBlank() ? last[0] : now;
                  return grown;
                }))
        .isTrue();
  }

  @Test
  void forks_askedForAtOnce_areMadeOneAfterTheOther() {
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().image("busybox").start()) {
      List<CompletableFuture<List<Sandbox>>> coming =
          List.of(
              CompletableFuture.supplyAsync(() -> parent.fork(1)),
              CompletableFuture.supplyAsync(() -> parent.fork(1)));
      for (CompletableFuture<List<Sandbox>> one : coming) {
        try (Sandbox copy = one.join().get(0)) {
          assertThat(ask(copy, "hostname")).isEqualTo(copy.id());
        }
      }
      assertThat(ask(parent, "hostname")).isEqualTo(parent.id());
    }
  }

  @Test
  void fork_ofAMachineThatDies_leavesNothing() {
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().image("busybox").start()) {
      ProcessHandle.of(parent.hypervisorPid()).orElseThrow().destroyForcibly();
      parent.onExit().join();
      assertThatThrownBy(() -> parent.fork(1)).isInstanceOf(KataException.class);
    }
  }

  @Test
  void snapshot_isRestoredByAnotherRuntime() {
    Path directory = store.state().resolveSibling("snapshot");
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().image("busybox").start()) {
      ask(parent, "sh", "-c", "echo kept > /told");
      parent.snapshot(directory);
      ask(parent, "sh", "-c", "echo lost > /told");
    }
    try (Kata other = kata()) {
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < 2; i++) {
        try (Sandbox restored = other.restore(directory)) {
          assertThat(restored.birth().kind()).isEqualTo(Birth.Kind.SNAPSHOT);
          assertThat(ask(restored, "cat", "/told")).isEqualTo("kept");
          assertThat(ask(restored, "hostname")).isEqualTo(restored.id());
          assertThat(seen.add(ask(restored, "cat", "/etc/machine-id"))).isTrue();
          TemplateIT.Identity.assertClock(restored);
        }
      }
    }
  }

  /** With settings of every kind; one container was updated and is paused, one was not started. */
  @Test
  void containers_inCopies_areWhatTheyWere() {
    Path directory = store.state().resolveSibling("snapshot-of-containers");
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().image("busybox").start();
        Container busy =
            parent
                .container("busy")
                .command("sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done")
                .env("TWO", "a\nb")
                .rlimit(OciRlimit.Resource.NOFILE, 99, 99)
                .memoryLimit(MemorySize.mebibytes(64))
                .readOnlyRoot()
                .emptyDirectory("scratch", "/scratch")
                .start();
        Container later = parent.container("later").command("echo", "hello").create()) {
      busy.update(ContainerLimits.builder().pids(77).build());
      busy.pause();
      parent.snapshot(directory);
      List<Sandbox> copies = new java.util.ArrayList<>(parent.fork(1));
      copies.add(kata.restore(directory));
      for (Sandbox copy : copies) {
        try (copy) {
          Container there = named(copy, "busy");
          assertThat(there.status().state()).isEqualTo(ContainerStatus.State.PAUSED);
          there.resume();
          assertThat(
                  there
                      .exec(
                          "sh",
                          "-c",
                          "ulimit -n; cat /sys/fs/cgroup/pids.max; echo \"$TWO\"; touch /x")
                      .stdoutText())
              .isEqualTo("99\n77\na\nb\n");
          there.exec("touch", "/scratch/x").orThrow();
          there.stop(java.time.Duration.ofSeconds(30));
          assertThat(there.mainProcess().waitFor()).isEqualTo(new ExecOutcome.Exited(7));
          there.restart(java.time.Duration.ofSeconds(30));
          assertThat(there.exec("cat", "/sys/fs/cgroup/pids.max").orThrow().stdoutText())
              .isEqualTo("77\n");
          Container second = named(copy, "later");
          assertThat(second.status().state()).isEqualTo(ContainerStatus.State.CREATED);
          second.start();
          assertThat(second.mainProcess().waitFor()).isEqualTo(new ExecOutcome.Exited(0));
        }
      }
      assertThat(later.status().state()).isEqualTo(ContainerStatus.State.CREATED);
      assertThat(busy.status().state()).isEqualTo(ContainerStatus.State.PAUSED);
    }
  }

  private static Container named(Sandbox sandbox, String name) {
    return sandbox.containers().stream()
        .filter(container -> container.name().equals(name))
        .findAny()
        .orElseThrow();
  }

  @Test
  void snapshot_ofAContainerWithFilesOfThisJvm_isRefusedAndNamesIt() {
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().start();
        Container container =
            parent
                .container("bound")
                .image("busybox")
                .file("/etc/x", new byte[] {1}, 0644)
                .start()) {
      assertThatThrownBy(() -> parent.snapshot(store.state().resolveSibling("never")))
          .hasMessageContaining("[" + container.name() + "]")
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
    }
  }

  @Test
  void snapshot_foreignOrDamaged_isRefusedAndSaysWhy() throws Exception {
    Path directory = store.state().resolveSibling("snapshot");
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().start()) {
      parent.snapshot(directory);
      // What is there already is no fault of the host.
      assertThatThrownBy(() -> parent.snapshot(directory))
          .hasMessageContaining(directory.toString())
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
    }
    try (Kata other = kata(QemuConfig.builder().addCpuFeature("-rdrand").build())) {
      assertThatThrownBy(() -> other.restore(directory))
          .hasMessageContaining("it was made with 'max")
          .hasMessageContaining(",-rdrand'")
          .isInstanceOfSatisfying(
              KataException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.SNAPSHOT_UNUSABLE));
    }
    Path state = directory.resolve("state");
    try (FileChannel channel = FileChannel.open(state, StandardOpenOption.WRITE)) {
      channel.write(java.nio.ByteBuffer.wrap(new byte[] {1, 2, 3}), Files.size(state) / 2);
    }
    try (Kata kata = kata()) {
      assertThatThrownBy(() -> kata.restore(directory))
          .hasMessageContaining("is damaged")
          .isInstanceOfSatisfying(
              KataException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.SNAPSHOT_UNUSABLE));
    }
  }

  @Test
  void pause_stopsTheGuestAndResumeSetsItsClock() throws Exception {
    BlockingQueue<SandboxEvent> events = new LinkedBlockingQueue<>();
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      sandbox.onEvent(events::add);
      sandbox.pause();
      assertThat(sandbox.state()).isEqualTo(SandboxState.PAUSED);
      assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(SandboxEvent.Paused.class);
      for (Runnable call :
          List.<Runnable>of(
              () -> sandbox.exec("true"),
              () -> sandbox.container("x").start(),
              sandbox::interfaces,
              () -> sandbox.fork(1),
              () -> sandbox.defaultContainer().signal(15))) {
        assertThatThrownBy(call::run)
            .hasMessageContaining("the sandbox is paused")
            .isInstanceOfSatisfying(
                KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
      }
      sandbox.pause();
      // Long enough for a clock that stood still to be seen.
      TimeUnit.SECONDS.sleep(4);
      sandbox.resume();
      assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(SandboxEvent.Resumed.class);
      assertThat(sandbox.state()).isEqualTo(SandboxState.RUNNING);
      TemplateIT.Identity.assertClock(sandbox);
      sandbox.pause();
    }
  }
}
