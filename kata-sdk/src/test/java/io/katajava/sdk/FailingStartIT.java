package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.BirthPolicy;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.MemorySize;
import io.katajava.SandboxBuilder;
import io.katajava.SandboxStartException;
import io.katajava.StartPhase;
import io.katajava.guest.KataGuestProvider;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every kind of failing start tells stage, cause, evidence and remedy, soon, and leaves nothing.
 */
class FailingStartIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;
  private Path state;
  private Leftovers leftovers;
  private long begin;

  @BeforeEach
  void begin() {
    state = directory.resolve("s");
    leftovers = new Leftovers(state);
    begin = System.nanoTime();
  }

  @AfterEach
  void nothingIsLeftAndItWasSoon() {
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
    leftovers.assertNone();
  }

  private static GuestAssets guest() {
    try {
      return new KataGuestProvider()
          .provide(
              new GuestRequest(
                  "x86_64",
                  KataDirectories.fromEnvironment().cache(),
                  Deadline.after(Duration.ofMinutes(5))));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static GuestAssets with(Path kernel, Path initrd) {
    GuestAssets real = guest();
    return new GuestAssets(
        kernel,
        Optional.of(initrd),
        real.kernelParameters(),
        real.agentPort(),
        real.rootfs(),
        real.pause(),
        real.modules(),
        "changed",
        real.choices());
  }

  private SandboxStartException failure(Kata.Builder runtime, UnaryOperator<SandboxBuilder> box) {
    try (Kata kata = runtime.stateDirectory(state).build()) {
      SandboxStartException failure =
          catchThrowableOfType(
              SandboxStartException.class,
              () -> box.apply(kata.sandbox().birth(BirthPolicy.COLD)).start().close());
      assertThat(failure).as("a start that must fail").isNotNull();
      assertThat(failure.stage()).isPresent();
      assertThat(failure.sandboxId()).isPresent();
      assertThat(failure.remedy()).as("remedy of: %s", failure.getMessage()).isPresent();
      assertThat(failure.report()).contains("total");
      return failure;
    }
  }

  @Test
  void noQemu_isNamedWithARemedy() {
    SandboxStartException failure =
        failure(
            Kata.builder()
                .hypervisor(
                    QemuConfig.builder().binary(Path.of("/nowhere/qemu-system-x86_64")).build()),
            box -> box);

    assertThat(failure.code()).isEqualTo(ErrorCode.HYPERVISOR_NOT_FOUND);
    assertThat(failure).hasMessageContaining("/nowhere/qemu-system-x86_64");
  }

  @Test
  void kernelMissing_isNamed() {
    Path kernel = directory.resolve("no-kernel");
    SandboxStartException failure =
        failure(Kata.builder().guest(with(kernel, guest().initrd().orElseThrow())), box -> box);

    assertThat(failure.code()).isEqualTo(ErrorCode.KERNEL_NOT_FOUND);
    assertThat(failure).hasMessageContaining(kernel.toString());
  }

  @Test
  void kernelIsNoKernel_qemuSaysSo() throws IOException {
    Path kernel = Files.write(directory.resolve("text"), new byte[5000]);
    SandboxStartException failure =
        failure(
            Kata.builder().guest(with(kernel, guest().initrd().orElseThrow())),
            box -> box.startTimeout(Duration.ofSeconds(20)));

    assertThat(failure.code())
        .isIn(ErrorCode.VM_START_FAILED, ErrorCode.VM_EXITED, ErrorCode.AGENT_TIMEOUT);
    assertThat(failure.evidence().commandLine()).isNotEmpty();
  }

  @Test
  void initrdDamaged_theConsoleTells() throws IOException {
    Path damaged = Files.copy(guest().initrd().orElseThrow(), directory.resolve("initrd"));
    try (RandomAccessFile file = new RandomAccessFile(damaged.toFile(), "rw")) {
      file.setLength(4096);
      file.write(new byte[4096]);
    }
    SandboxStartException failure =
        failure(Kata.builder().guest(with(guest().kernel(), damaged)), box -> box);

    assertThat(failure.code()).isEqualTo(ErrorCode.GUEST_PANIC);
    assertThat(failure.stage()).contains(StartPhase.BOOT);
    assertThat(failure.evidence().consoleTail()).contains("Kernel panic");
    assertThat(failure.evidence().exitStatus()).isPresent();
  }

  @Test
  void tooLittleMemory_isRefusedOrPanics() {
    SandboxStartException failure =
        failure(
            Kata.builder(),
            box -> box.memory(MemorySize.mebibytes(24)).startTimeout(Duration.ofSeconds(30)));

    assertThat(failure.code())
        .isIn(
            ErrorCode.INVALID_CONFIGURATION,
            ErrorCode.GUEST_PANIC,
            ErrorCode.VM_START_FAILED,
            ErrorCode.VM_EXITED,
            ErrorCode.AGENT_TIMEOUT);
    assertThat(failure.getMessage() + failure.remedy().orElse("")).containsIgnoringCase("memory");
  }

  @Test
  void agentNeverAnswers_isATimeoutWithTheConsole() {
    GuestAssets real = guest();
    GuestAssets silent =
        new GuestAssets(
            real.kernel(),
            real.initrd(),
            real.kernelParameters(),
            "io.katajava.nobody",
            real.rootfs(),
            real.pause(),
            real.modules(),
            "changed",
            real.choices());
    SandboxStartException failure =
        failure(Kata.builder().guest(silent), box -> box.startTimeout(Duration.ofSeconds(8)));

    assertThat(failure.code()).isEqualTo(ErrorCode.AGENT_TIMEOUT);
    assertThat(failure.stage()).contains(StartPhase.BOOT);
    assertThat(failure.evidence().commandLine()).isNotEmpty();
  }

  @Test
  void qemuDiesDuringBoot_isNoticedAtOnce() throws Exception {
    CompletableFuture<Long> killed =
        CompletableFuture.supplyAsync(
            () -> {
              Leftovers.within(
                  Duration.ofSeconds(20), () -> List.copyOf(leftovers.processes()).size() == 1);
              long pid = leftovers.processes().get(0);
              ProcessHandle.of(pid).orElseThrow().destroyForcibly();
              return System.nanoTime();
            });
    SandboxStartException failure = failure(Kata.builder(), box -> box);

    assertThat(failure.code()).isIn(ErrorCode.VM_EXITED, ErrorCode.VM_START_FAILED);
    assertThat(Duration.ofNanos(System.nanoTime() - killed.get()))
        .isLessThan(Duration.ofSeconds(3));
    assertThat(failure.evidence().exitStatus()).hasValue(128 + 9);
  }

  @Test
  void interrupted_endsAtOnceAndKeepsTheInterrupt() throws Exception {
    CompletableFuture<Boolean> outcome = new CompletableFuture<>();
    Thread starter =
        new Thread(
            () -> {
              try (Kata kata = Kata.builder().stateDirectory(state).build()) {
                kata.sandbox().birth(BirthPolicy.COLD).start().close();
                outcome.complete(false);
              } catch (SandboxStartException e) {
                outcome.complete(
                    e.code() == ErrorCode.INTERRUPTED && Thread.currentThread().isInterrupted());
              } catch (RuntimeException e) {
                outcome.completeExceptionally(e);
              }
            });
    starter.start();
    Leftovers.within(Duration.ofSeconds(20), () -> !leftovers.processes().isEmpty());
    starter.interrupt();
    starter.join(10_000);

    assertThat(outcome).isCompletedWithValue(true);
  }
}
