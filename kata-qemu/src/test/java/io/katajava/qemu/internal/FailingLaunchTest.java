package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.SandboxStartException;
import io.katajava.StartPhase;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.internal.Impostor.Behaviour;
import io.katajava.spi.Rootfs;
import io.katajava.spi.VmExit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each way a launch can fail or a machine can end, and what is left afterwards: nothing. */
class FailingLaunchTest {
  private static final Duration ENOUGH = Duration.ofSeconds(30);

  @TempDir Path directory;
  private TestStart start;

  @BeforeEach
  void makeStateDirectory() throws IOException {
    start = new TestStart(Files.createDirectory(directory.resolve("s")), ENOUGH);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(start.leftovers()).isEmpty();
  }

  private QemuVm launch(Path binary) throws IOException, InterruptedException {
    QemuConfig config =
        QemuConfig.builder()
            .machine(MachineType.Q35)
            .accelerator(Accelerator.TCG)
            .binary(binary)
            .build();
    CapabilityCache cache = new CapabilityCache(directory.resolve("cache"));
    return new QemuHypervisor(config, cache)
        .launch(TestStart.spec(TestStart.kernel(directory)), start);
  }

  private QemuVm launch(Behaviour behaviour) throws IOException, InterruptedException {
    return launch(Impostor.write(directory, behaviour));
  }

  private SandboxStartException failure(Behaviour behaviour) {
    SandboxStartException failure =
        catchThrowableOfType(SandboxStartException.class, () -> launch(behaviour).close());
    assertThat(failure).as("a launch that must fail").isNotNull();
    assertThat(failure.remedy()).isPresent();
    return failure;
  }

  @Test
  void binaryMissing_isNamed() {
    SandboxStartException failure =
        catchThrowableOfType(
            SandboxStartException.class, () -> launch(Path.of("/nowhere/qemu")).close());

    assertThat(failure.code()).isEqualTo(ErrorCode.HYPERVISOR_NOT_FOUND);
    assertThat(failure).hasMessageContaining("/nowhere/qemu");
    assertThat(failure.remedy()).isPresent();
  }

  @Test
  void binaryNotExecutable_isNamed() throws IOException {
    Path script = Impostor.write(directory, Behaviour.NORMAL);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rw-r--r--"));
    SandboxStartException failure =
        catchThrowableOfType(SandboxStartException.class, () -> launch(script).close());

    assertThat(failure.code()).isEqualTo(ErrorCode.HYPERVISOR_NOT_FOUND);
    assertThat(failure).hasMessageContaining("not an executable file");
  }

  @Test
  void refusal_isQuotedWithItsStatus() {
    SandboxStartException failure = failure(Behaviour.REFUSES);

    assertThat(failure.code()).isEqualTo(ErrorCode.VM_START_FAILED);
    assertThat(failure).hasMessageContaining("status 1").hasMessageContaining("something is wrong");
    assertThat(failure.evidence().exitStatus()).hasValue(1);
    assertThat(failure.evidence().commandLine()).contains("-machine");
  }

  @Test
  void machineThisBinaryLacks_isRefusedBeforeTheStart() throws IOException {
    Path binary = Impostor.write(directory, Behaviour.NORMAL);
    QemuConfig config = QemuConfig.builder().machine(MachineType.MICROVM).binary(binary).build();
    SandboxStartException failure =
        catchThrowableOfType(
            SandboxStartException.class,
            () ->
                new QemuHypervisor(config, new CapabilityCache(directory.resolve("cache")))
                    .launch(TestStart.spec(TestStart.kernel(directory)), start)
                    .close());

    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION);
    assertThat(failure).hasMessageContaining("microvm").hasMessageContaining("q35");
    assertThat(start.processes).isEmpty();
  }

  @Test
  void socketsNeverOpen_endsAtTheDeadline() throws IOException {
    start = new TestStart(start.stateDirectory(), Duration.ofSeconds(3));
    SandboxStartException failure = failure(Behaviour.DEAF);

    assertThat(failure.code()).isEqualTo(ErrorCode.VM_UNRESPONSIVE);
    assertThat(failure.stage()).contains(StartPhase.QMP);
  }

  @Test
  void greetingNeverComes_endsAtTheDeadline() throws IOException {
    start = new TestStart(start.stateDirectory(), Duration.ofSeconds(3));
    SandboxStartException failure = failure(Behaviour.MUTE);

    assertThat(failure.code()).isEqualTo(ErrorCode.VM_UNRESPONSIVE);
    assertThat(failure.evidence().consoleTail()).contains("console of the impostor");
  }

  @Test
  void greetingIsNotQmp_isUnresponsive() {
    assertThat(failure(Behaviour.GARBAGE).code()).isEqualTo(ErrorCode.VM_UNRESPONSIVE);
  }

  @Test
  void endBeforeTheGreeting_isNoticedAtOnce() {
    SandboxStartException failure = failure(Behaviour.DIES_BEFORE_GREETING);

    assertThat(failure.code()).isEqualTo(ErrorCode.VM_START_FAILED);
    assertThat(failure.evidence().exitStatus()).hasValue(3);
    assertThat(failure).hasMessageContaining("out of luck");
  }

  @Test
  void guestSwitchesItselfOff_theReasonIsKept() throws Exception {
    try (QemuVm vm = launch(Behaviour.SHUTS_DOWN)) {
      VmExit exit = vm.onExit().get(20, TimeUnit.SECONDS);

      assertThat(exit.status()).isZero();
      assertThat(exit.reason()).contains("guest-shutdown");
    }
  }

  @Test
  void killedFromOutside_isTold() throws Exception {
    try (QemuVm vm = launch(Behaviour.NORMAL)) {
      ProcessHandle.of(vm.pid()).orElseThrow().destroyForcibly();
      VmExit exit = vm.onExit().get(20, TimeUnit.SECONDS);

      assertThat(exit).isEqualTo(new VmExit(137, "killed by signal 9 from outside"));
      assertThat(vm.evidence().exitStatus()).hasValue(137);
    }
  }

  @Test
  void stop_polite_endsByQuit() throws Exception {
    try (QemuVm vm = launch(Behaviour.NORMAL)) {
      vm.stop(Duration.ofSeconds(10));

      assertThat(vm.onExit().get(5, TimeUnit.SECONDS)).isEqualTo(new VmExit(0, "ended by us"));
    }
  }

  @Test
  void stop_quitIgnored_endsBySigterm() throws Exception {
    try (QemuVm vm = launch(Behaviour.IGNORES_QUIT)) {
      vm.stop(Duration.ofSeconds(4));

      assertThat(vm.onExit().get(5, TimeUnit.SECONDS))
          .isEqualTo(new VmExit(143, "terminated by us"));
    }
  }

  @Test
  void stop_stubborn_goesDownTheLadder() throws Exception {
    try (QemuVm vm = launch(Behaviour.STUBBORN)) {
      vm.stop(Duration.ofSeconds(2));

      assertThat(vm.onExit().get(5, TimeUnit.SECONDS)).isEqualTo(new VmExit(137, "killed by us"));
    }
  }

  @Test
  void close_twice_isFine() throws Exception {
    QemuVm vm = launch(Behaviour.NORMAL);
    vm.close();
    vm.close();

    assertThat(vm.onExit()).isCompleted();
  }

  @Test
  void flood_isKeptBoundedAndPrintable() throws Exception {
    try (QemuVm vm = launch(Behaviour.FLOODS)) {
      vm.stop(Duration.ofSeconds(10));
      String text = vm.evidence().stderrTail();

      assertThat(text.length()).isBetween(1000, OutputTail.CAPACITY);
      assertThat(text).contains("red and more text").doesNotContain("\u001b").doesNotContain("\0");
    }
  }

  @Test
  void interrupt_endsTheLaunch() throws Exception {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread launcher =
        new Thread(
            () -> {
              try {
                launch(Behaviour.DEAF).close();
                interrupted.complete(false);
              } catch (InterruptedException e) {
                interrupted.complete(true);
              } catch (IOException | RuntimeException e) {
                interrupted.completeExceptionally(e);
              }
            });
    launcher.start();
    while (start.processes.isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    launcher.interrupt();
    launcher.join(10_000);

    assertThat(interrupted).isCompletedWithValue(true);
  }

  @Test
  void capabilities_areAskedOnce() throws Exception {
    Path binary = Impostor.write(directory, Behaviour.NORMAL);
    CapabilityCache cache = new CapabilityCache(directory.resolve("cache"));
    QemuCapabilities first = cache.of(binary, ENOUGH);

    assertThat(first.machines()).containsExactly("pc-q35-7.2", "q35");
    assertThat(first.seccomp()).isTrue();
    assertThat(directory.resolve("cache").toFile().list()).hasSize(1);
    // Nobody answers within so little time: this comes from memory.
    assertThat(cache.of(binary, Duration.ofNanos(1))).isEqualTo(first);
  }

  @Test
  void capabilities_ofAScriptThatRunsAnotherQemuNow_areAskedAgain() throws Exception {
    CapabilityCache cache = new CapabilityCache(directory.resolve("cache"));
    Path binary = Impostor.write(directory, Behaviour.NORMAL);
    assertThat(cache.of(binary, ENOUGH).version()).isEqualTo("7.2.1");
    Files.writeString(Impostor.micro(binary), "2");
    assertThat(cache.of(binary, ENOUGH).version()).as("the script is the same").isEqualTo("7.2.1");

    launch(binary).close();
    assertThat(cache.of(binary, ENOUGH).version()).isEqualTo("7.2.2");
  }

  @Test
  void whatEndsMeanwhile_isSaidByKatasOwnException() throws Exception {
    try (QemuVm vm = launch(Behaviour.NORMAL)) {
      ProcessHandle.of(vm.pid()).orElseThrow().destroyForcibly();
      vm.onExit().join();
      for (Runnable call :
          List.<Runnable>of(
              vm::pause,
              vm::resume,
              vm::reset,
              vm::powerDown,
              vm::runState,
              vm::balloon,
              vm::statistics,
              () -> vm.balloon(MemorySize.mebibytes(1)),
              () -> vm.screendump(Path.of("/screen")),
              () -> vm.dumpMemory(Path.of("/core"), ENOUGH),
              () -> vm.plan(new LiveChange.AddVcpus(1)),
              () -> vm.apply(new LiveChange.AddVcpus(1), ENOUGH),
              () -> vm.save(directory.resolve("saved"), true, ENOUGH),
              () -> vm.plugDisk(new Rootfs.Disk("d", binaryOf(vm)), ENOUGH))) {
        assertThatThrownBy(call::run)
            .isInstanceOfSatisfying(
                KataException.class,
                e -> {
                  assertThat(e.code()).isEqualTo(ErrorCode.VM_EXITED);
                  assertThat(e.sandboxId()).contains(TestStart.ID);
                  assertThat(e.remedy()).isPresent();
                });
      }
      assertThat(directory.resolve("saved")).doesNotExist();
    }
  }

  private static Path binaryOf(QemuVm vm) {
    return Path.of(vm.evidence().commandLine().get(0));
  }
}
