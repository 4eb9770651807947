package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Network;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.SandboxPool;
import io.katajava.Volume;
import io.katajava.qemu.ChangePlan;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.transport.UnixSocketConnection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All births, hot-plug, pause and the extra monitors on each QEMU there is: the installed one, and
 * those that the system property {@code kata.test.qemus} or the variable {@code KATA_TEST_QEMUS}
 * names, their paths separated by colons. Every one of them ends at once when it is asked for what
 * it deprecates, and leaves out of its answers what it deprecates there.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("qemus")
@SuppressWarnings("NullAway.Init")
class QemuReleaseIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Parameter QemuRelease qemu;

  static Stream<QemuRelease> qemus() {
    return QemuRelease.all();
  }

  @AfterEach
  void nothingIsLeft_andNothingDeprecatedWasUsed() {
    new Leftovers(qemu.store().state()).assertNone();
    assertThat(qemu.warnings()).as("what %s said", qemu).noneMatch(l -> l.contains("deprecated"));
  }

  @AfterAll
  static void end() {
    QemuRelease.closeAll();
  }

  private Kata kata() {
    return qemu.kata(QemuConfig.builder().build());
  }

  private static SandboxBuilder cloned(Kata kata) {
    return kata.sandbox().birth(BirthPolicy.TEMPLATE_ON_DEMAND).image("busybox");
  }

  private static SandboxBuilder booted(Kata kata) {
    return kata.sandbox().birth(BirthPolicy.COLD).image("busybox");
  }

  private static String ask(Sandbox sandbox, String... command) {
    return sandbox.exec(command).orThrow().stdoutText().strip();
  }

  @Test
  void cold_runs() {
    try (Kata kata = kata();
        Sandbox sandbox = booted(kata).start()) {
      assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.COLD);
      assertThat(sandbox.describe().toString()).contains(qemu.binary().toString());
      assertThat(ask(sandbox, "uname")).isEqualTo("Linux");
    }
  }

  @Test
  void clones_ofATemplate_areMachinesOfTheirOwn() {
    try (Kata kata = kata()) {
      List<CompletableFuture<Sandbox>> coming =
          List.of(cloned(kata).startAsync(), cloned(kata).startAsync());
      Set<String> seen = new HashSet<>();
      for (CompletableFuture<Sandbox> one : coming) {
        try (Sandbox sandbox = one.join()) {
          assertThat(sandbox.birth().kind())
              .as(sandbox.birth().why())
              .isEqualTo(Birth.Kind.TEMPLATE);
          assertThat(ask(sandbox, "hostname")).isEqualTo(sandbox.id());
          assertThat(seen.add(ask(sandbox, "cat", "/etc/machine-id"))).isTrue();
        }
      }
    }
  }

  @Test
  void clone_largerAndOnANetwork_hasTheRestPlugged() {
    try (Kata kata = kata();
        Sandbox sandbox =
            cloned(kata)
                .vcpus(2)
                .memory(MemorySize.mebibytes(512))
                .network(Network.user())
                .start()) {
      assertThat(sandbox.birth().why()).contains("plugged in after: Nic net0");
      assertThat(ask(sandbox, "nproc")).isEqualTo("2");
      assertThat(Long.parseLong(ask(sandbox, "awk", "/^MemTotal/ {print $2}", "/proc/meminfo")))
          .isGreaterThan(400L << 10);
      assertThat(ask(sandbox, "ls", "/sys/class/net")).contains("eth0");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = BirthPolicy.class,
      names = {"COLD", "TEMPLATE_ON_DEMAND"})
  void forks_oneAfterTheOther_haveTheMemoryOfTheirInstant(BirthPolicy policy) {
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().birth(policy).image("busybox").start()) {
      QemuVm vm = qemu.last();
      for (String word : List.of("first", "second")) {
        ask(parent, "sh", "-c", "echo " + word + " > /told");
        for (Sandbox copy : parent.fork(2)) {
          try (copy) {
            assertThat(copy.birth().kind()).isEqualTo(Birth.Kind.FORK);
            assertThat(ask(copy, "cat", "/told")).isEqualTo(word);
            assertThat(ask(copy, "hostname")).isEqualTo(copy.id());
          }
        }
        assertThat(ask(parent, "hostname")).isEqualTo(parent.id());
      }
      // Of files that were handed over nothing stays open once they are written.
      assertThat(vm.monitor().executeRaw("query-fdsets", null)).isEqualTo("[]");
    }
  }

  @Test
  void snapshot_isRestoredMoreThanOnce() {
    Path directory = qemu.store().state().resolveSibling("snapshot");
    try (Kata kata = kata();
        Sandbox parent = booted(kata).start()) {
      ask(parent, "sh", "-c", "echo kept > /told");
      parent.snapshot(directory);
      ask(parent, "sh", "-c", "echo lost > /told");
    }
    try (Kata kata = kata()) {
      for (int i = 0; i < 2; i++) {
        try (Sandbox restored = kata.restore(directory)) {
          assertThat(restored.birth().kind()).isEqualTo(Birth.Kind.SNAPSHOT);
          assertThat(ask(restored, "cat", "/told")).isEqualTo("kept");
        }
      }
    } finally {
      qemu.store().remove(directory);
    }
  }

  @Test
  void pool_lendsClones() {
    try (Kata kata = kata();
        SandboxPool pool =
            kata.pool()
                .sandbox(s -> s.birth(BirthPolicy.TEMPLATE_ON_DEMAND).image("busybox"))
                .minimumIdle(1)
                .maximum(2)
                .borrowTimeout(Duration.ofMinutes(2))
                .build()) {
      for (int i = 0; i < 2; i++) {
        try (Sandbox sandbox = pool.borrow()) {
          assertThat(sandbox.birth().kind())
              .as(sandbox.birth().why())
              .isEqualTo(Birth.Kind.TEMPLATE);
          assertThat(ask(sandbox, "uname")).isEqualTo("Linux");
        }
      }
    }
  }

  @Test
  void diskAndCard_arePluggedIntoAClone_andGivenBack() throws Exception {
    Path image = Files.write(qemu.store().state().resolveSibling("more.img"), new byte[1 << 20]);
    Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-r--r--"));
    try (Kata kata = kata();
        Sandbox sandbox = cloned(kata).start()) {
      try (Container keeper =
          sandbox
              .container("keeper")
              .volume("/data", Volume.disk("kept", MemorySize.mebibytes(16)))
              .start()) {
        keeper.exec("sh", "-c", "echo written > /data/file && sync").orThrow();
        assertThat(keeper.exec("cat", "/data/file").orThrow().stdoutText()).isEqualTo("written\n");
      }
      QemuVm vm = qemu.last();
      String cards = "cat /sys/bus/pci/devices/*/device";
      long before = devices(sandbox, cards);
      for (LiveChange.AddDevice add :
          List.of(
              new LiveChange.AddDevice(Disk.raw("more", image).asReadOnly()),
              new LiveChange.AddDevice(Nic.of("card", NicBackend.User.network())))) {
        assertThat(vm.plan(add).verdict()).isEqualTo(ChangePlan.Verdict.LIVE);
        vm.apply(add, LIMIT);
        assertThat(Leftovers.within(LIMIT, () -> devices(sandbox, cards) == before + 1)).isTrue();
        vm.apply(new LiveChange.RemoveDevice(add.device().id()), LIMIT);
        assertThat(Leftovers.within(LIMIT, () -> devices(sandbox, cards) == before)).isTrue();
      }
      assertThat(vm.statistics().residentMemory().bytes()).isPositive();
      assertThat(vm.runState()).isEqualTo("running");
    } finally {
      Files.deleteIfExists(image);
    }
  }

  private static long devices(Sandbox sandbox, String command) {
    return sandbox.exec("sh", "-c", command).orThrow().stdoutText().lines().count();
  }

  @Test
  void pause_standsStillAndGoesOn() {
    try (Kata kata = kata();
        Sandbox sandbox = cloned(kata).start()) {
      sandbox.pause();
      assertThat(qemu.last().runState()).isEqualTo("paused");
      sandbox.resume();
      assertThat(ask(sandbox, "uname")).isEqualTo("Linux");
    }
  }

  @ParameterizedTest
  @EnumSource(ExtraMonitor.class)
  void extraMonitor_answersBesideTheSdk(ExtraMonitor kind) throws Exception {
    QemuConfig config = QemuConfig.builder().debug(debug -> debug.extraMonitor(kind)).build();
    try (Kata kata = qemu.kata(config);
        Sandbox sandbox = booted(kata).start();
        UnixSocketConnection monitor =
            UnixSocketConnection.connect(
                qemu.store().state().resolve(sandbox.id()).resolve("extra-monitor.sock"), LIMIT)) {
      StringBuilder said = new StringBuilder();
      ByteBuffer some = ByteBuffer.allocate(4096);
      String greeting = kind == ExtraMonitor.HMP ? "(qemu)" : "\"QMP\"";
      while (said.indexOf(greeting) < 0 && monitor.read(some) >= 0) {
        said.append(StandardCharsets.UTF_8.decode(some.flip()));
        some.clear();
      }
      assertThat(said.toString()).contains(greeting);
      assertThat(ask(sandbox, "uname")).isEqualTo("Linux");
    }
  }

  @Test
  void whatQemuRefuses_isSaidByKatasOwnException() {
    try (Kata kata = kata();
        Sandbox sandbox = cloned(kata).start()) {
      QemuVm vm = qemu.last();
      for (Runnable call :
          List.<Runnable>of(
              () -> vm.balloon(MemorySize.mebibytes(64)),
              () -> vm.screendump(Path.of("/nowhere/screen")),
              () -> vm.dumpMemory(Path.of("/nowhere/core"), LIMIT))) {
        assertThatThrownBy(call::run)
            .hasMessageContaining(sandbox.id())
            .isInstanceOfSatisfying(
                KataException.class,
                e -> {
                  assertThat(e.code()).isEqualTo(ErrorCode.VM_REFUSED);
                  assertThat(e.remedy()).isPresent();
                });
      }
      assertThat(ask(sandbox, "uname")).isEqualTo("Linux");
    }
  }
}
