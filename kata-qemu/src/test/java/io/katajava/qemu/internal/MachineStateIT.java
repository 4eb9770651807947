package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qmp.testing.RealQemu;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmImage;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Machines saved and made again, with each QEMU release there is. */
class MachineStateIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  static Stream<RealQemu.Release> releases() {
    return RealQemu.machines().stream();
  }

  private static Hypervisor hypervisor(RealQemu.Release release) {
    return QemuConfig.builder()
        .binary(release.system())
        .machine(MachineType.Q35)
        .accelerator(Accelerator.TCG)
        .memory(MemorySize.mebibytes(128))
        .build()
        .toHypervisor();
  }

  private static VmSpec spec() throws InterruptedException {
    return new VmSpec(TestStart.ID, new VmSizes(1, MemorySize.mebibytes(128)), RealMachine.guest());
  }

  @ParameterizedTest
  @MethodSource("releases")
  void template_isSavedWithoutItsMemoryAndMadeTwice(RealQemu.Release release) throws Exception {
    Hypervisor qemu = hypervisor(release);
    try (OpenDirectory images = new OpenDirectory()) {
      Path memory = Files.createFile(images.above().resolve("written-by-qemu-memory"));
      Path state = images.above().resolve("written-by-qemu-state");
      VmImage image;
      try (OpenDirectory first = new OpenDirectory();
          VirtualMachine vm =
              qemu.launchTemplate(spec(), memory, new TestStart(first.path(), LIMIT))) {
        vm.save(state, false, LIMIT);
        image = new VmImage(state, Optional.of(memory), vm.hardware());
      }
      assertThat(Files.size(memory)).isEqualTo(128L << 20);
      assertThat(Files.size(state)).isLessThan(16L << 20);
      for (int i = 0; i < 2; i++) {
        try (OpenDirectory clone = new OpenDirectory();
            VirtualMachine vm = qemu.restore(spec(), image, new TestStart(clone.path(), LIMIT))) {
          awaitRunning((QemuMachine) vm);
          assertCannotWrite(vm.pid(), memory);
        }
      }
    }
  }

  /** Neither by what it has open, nor by what its user may open. */
  private static void assertCannotWrite(long pid, Path memory) throws Exception {
    if (!RunAs.isRoot()) {
      return;
    }
    String uid = RealMachine.status(pid, "Uid").split("\\s+", -1)[0];
    String groups = RealMachine.status(pid, "Groups").strip().replace(' ', ',');
    assertThat(uid).isNotEqualTo("0");
    Process attempt =
        new ProcessBuilder(
                Stream.of(
                        List.of("setpriv", "--reuid", uid, "--regid", uid),
                        groups.isEmpty() ? List.of("--clear-groups") : List.of("--groups", groups),
                        List.of("--", "sh", "-c", "exec 3<>\"$0\"", memory.toString()))
                    .flatMap(List::stream)
                    .toList())
            .start();
    assertThat(attempt.waitFor()).as("%s opens it for writing", uid).isNotZero();

    int memories = 0;
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path descriptor : open.toList()) {
        String name = Files.readSymbolicLink(descriptor).toString();
        if (name.startsWith(memory.toString())) {
          memories++;
          assertThat(RealMachine.openFlags(pid, descriptor) & 3).as("O_RDONLY").isZero();
        } else if (name.contains("kata-memory")) {
          memories++;
          try (FileChannel own = FileChannel.open(descriptor, StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> own.write(ByteBuffer.allocate(1), 0))
                .isInstanceOf(IOException.class);
          }
        }
      }
    }
    assertThat(memories).isPositive();
  }

  @ParameterizedTest
  @MethodSource("releases")
  void running_isSavedWithItsMemoryAndGoesOn(RealQemu.Release release) throws Exception {
    Hypervisor qemu = hypervisor(release);
    try (OpenDirectory images = new OpenDirectory();
        OpenDirectory first = new OpenDirectory();
        VirtualMachine vm = qemu.launch(spec(), new TestStart(first.path(), LIMIT))) {
      Path state = images.above().resolve("written-by-qemu-state");
      assertThat(vm.obstacleToSave()).isEmpty();
      assertThat(vm.save(state, true, LIMIT)).isPositive();
      assertThat(((QemuMachine) vm).runState()).isEqualTo("running");
      assertThatThrownBy(() -> vm.save(state, true, LIMIT))
          .isInstanceOf(KataException.class)
          .hasMessageContaining("cannot");
      assertThat(((QemuMachine) vm).runState()).isEqualTo("running");
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void damagedState_endsTheMachine(RealQemu.Release release) throws Exception {
    Hypervisor qemu = hypervisor(release);
    try (OpenDirectory images = new OpenDirectory();
        OpenDirectory first = new OpenDirectory()) {
      Path state = Files.writeString(images.above().resolve("written-by-qemu-state"), "no state");
      VmImage image =
          new VmImage(
              state,
              Optional.empty(),
              java.util.Map.of(MachineCopies.VCPUS, "1", MachineCopies.MEMORY, "128"));
      TestStart start = new TestStart(first.path(), LIMIT);
      try (VirtualMachine vm = qemu.restore(spec(), image, start)) {
        assertThat(vm.onExit().get(60, java.util.concurrent.TimeUnit.SECONDS).status()).isNotZero();
      } catch (KataException e) {
        assertThat(e).hasMessageContaining("cannot load");
      }
    }
  }

  @Test
  void stateOfAnotherRelease_isRefused() throws Exception {
    List<RealQemu.Release> all = RealQemu.releases();
    Hypervisor other = hypervisor(all.get(1));
    try (OpenDirectory images = new OpenDirectory();
        OpenDirectory first = new OpenDirectory();
        OpenDirectory second = new OpenDirectory()) {
      Path state = images.above().resolve("written-by-qemu-state");
      VmImage image;
      try (VirtualMachine vm =
          hypervisor(all.get(0)).launch(spec(), new TestStart(first.path(), LIMIT))) {
        vm.save(state, false, LIMIT);
        image = new VmImage(state, Optional.empty(), vm.hardware());
      }
      TestStart start = new TestStart(second.path(), LIMIT);
      assertThatThrownBy(() -> other.restore(spec(), image, start))
          .hasMessageContaining("was saved by QEMU " + image.hardware().get(MachineCopies.QEMU))
          .isInstanceOfSatisfying(
              KataException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.SNAPSHOT_UNUSABLE);
                assertThat(e.remedy()).isPresent();
              });
      assertThat(start.leftovers()).isEmpty();
    }
  }

  /** It goes on by itself once its state is loaded. */
  private static void awaitRunning(QemuMachine vm) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    String state = vm.runState();
    while (!state.equals("running")) {
      assertThat(System.nanoTime()).as("still %s", state).isLessThan(deadline);
      Thread.sleep(20);
      state = vm.runState();
    }
  }
}
