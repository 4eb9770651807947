package io.katajava.qemu.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.MemorySize;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.ChangePlan.Verdict;
import io.katajava.qemu.LiveChange.AddDevice;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qmp.command.QueryTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command lines of other architectures, each taken by its own QEMU. */
@SuppressWarnings("NullAway.Init")
class OtherArchitecturesIT {
  private static final int PPC64 = 21;

  private static Path binaries;

  @BeforeAll
  static void unpack() throws IOException, InterruptedException {
    Path log = Files.createTempFile("other-architectures", ".log");
    Process script =
        new ProcessBuilder("src/test/scripts/other-architectures.sh")
            .redirectError(log.toFile())
            .start();
    String directory = new String(script.getInputStream().readAllBytes(), UTF_8).strip();
    boolean ended = script.waitFor(5, TimeUnit.MINUTES);
    script.destroyForcibly();
    assertThat(ended && script.exitValue() == 0)
        .as("other-architectures.sh: %s", Files.readString(log))
        .isTrue();
    Files.delete(log);
    binaries = Path.of(directory, "bin");
  }

  /** What passes as a kernel: pseries takes only ELF, of which this is a header, the others all. */
  private static Path kernel(Path directory, MachineType machine) throws IOException {
    ByteBuffer elf = ByteBuffer.allocate(4096);
    if (machine != MachineType.PSERIES) {
      return Files.write(directory.resolve("kernel"), elf.array());
    }
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 2, 1}).position(16);
    elf.putShort((short) 2).putShort((short) PPC64).putInt(1).putLong(0).putLong(64).putLong(0);
    elf.putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.position(64);
    elf.putInt(1).putInt(5).putLong(0).putLong(0).putLong(0).putLong(4096).putLong(4096);
    elf.putLong(4096);
    return Files.write(directory.resolve("kernel"), elf.array());
  }

  private static QemuConfig.Builder config(MachineType machine) {
    return QemuConfig.builder()
        .machine(machine)
        .accelerator(Accelerator.TCG)
        .binary(binaries.resolve("qemu-system-" + machine.architecture()))
        .extraArguments("-S");
  }

  @ParameterizedTest
  @CsvSource({
    "VIRT,aarch64,8,LIVE", "VIRT,aarch64,0,NEEDS_RESTART", "PSERIES,ppc64,0,LIVE",
    "S390_CCW_VIRTIO,s390x,0,LIVE", "RISCV_VIRT,riscv64,8,LIVE",
        "RISCV_VIRT,riscv64,0,NEEDS_RESTART"
  })
  void machine_isTakenAndAnswers(MachineType machine, String target, int ports, Verdict plug)
      throws Exception {
    try (OpenDirectory directory = new OpenDirectory()) {
      TestStart start = new TestStart(directory.path(), Duration.ofMinutes(1));
      Path kernel = kernel(directory.above(), machine);
      QemuConfig config =
          config(machine)
              .pciePorts(ports)
              .addDevice(Balloon.reporting())
              .addDevice(EntropySource.urandom())
              .addDevice(Nic.of("eth0", NicBackend.User.network()))
              .build();
      try (QemuVm vm =
          (QemuVm)
              config
                  .toHypervisor()
                  .launch(TestStart.spec(kernel, 2, MemorySize.mebibytes(512)), start)) {
        assertThat(vm.runState()).isEqualTo("prelaunch");
        assertThat(vm.monitor().execute(new QueryTarget()).arch().value()).isEqualTo(target);
        AddDevice second = new AddDevice(Nic.of("eth1", NicBackend.User.network()));
        assertThat(vm.plan(second).verdict()).isEqualTo(plug);
        if (plug == Verdict.LIVE) {
          vm.apply(second, Duration.ofSeconds(10));
        }
      }
      assertThat(start.leftovers()).isEmpty();
    }
  }

  @Test
  void port_onVirt_takesADevice() throws Exception {
    try (OpenDirectory directory = new OpenDirectory()) {
      TestStart start = new TestStart(directory.path(), Duration.ofMinutes(1));
      Path kernel = kernel(directory.above(), MachineType.VIRT);
      try (QemuVm vm =
          (QemuVm)
              config(MachineType.VIRT)
                  .pciePorts(1)
                  .build()
                  .toHypervisor()
                  .launch(TestStart.spec(kernel, 1, MemorySize.mebibytes(512)), start)) {
        vm.apply(new AddDevice(Nic.of("eth1", NicBackend.User.network())), Duration.ofSeconds(10));
        assertThat(vm.plan(new AddDevice(Nic.of("eth2", NicBackend.User.network()))).verdict())
            .isEqualTo(Verdict.NEEDS_RESTART);
      }
    }
  }
}
