package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.SandboxStartException;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A kernel cuts its command line off where its own buffer ends. */
class KernelParametersTest {
  @TempDir Path directory;

  private QemuConfig config(MachineType machine, int bytes) {
    int own =
        KernelParameters.length(
            KernelParameters.of(
                QemuConfig.builder().machine(machine).build(),
                machine,
                TestStart.spec(Path.of("k")).guest().kernelParameters()));
    // A blank, and a character of two bytes.
    String parameter = "x=\u00fc" + "y".repeat(bytes - own - 5);
    return QemuConfig.builder()
        .machine(machine)
        .accelerator(Accelerator.TCG)
        .binary(Path.of("/bin/false"))
        .addKernelParameter(parameter)
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    "Q35,2047",
    "MICROVM,2047",
    "VIRT,2047",
    "PSERIES,2047",
    "S390_CCW_VIRTIO,4095",
    "RISCV_VIRT,1023"
  })
  void parameters_oneByteTooMany_areRefusedBeforeTheStart(MachineType machine, int limit)
      throws IOException {
    TestStart start =
        new TestStart(Files.createDirectory(directory.resolve("s")), Duration.ofSeconds(30));
    QemuHypervisor hypervisor =
        new QemuHypervisor(
            config(machine, limit + 1), new CapabilityCache(directory.resolve("cache")));

    assertThatThrownBy(
            () -> hypervisor.launch(TestStart.spec(TestStart.kernel(directory)), start).close())
        .isInstanceOfSatisfying(
            SandboxStartException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContaining("have " + (limit + 1) + " bytes")
        .hasMessageContaining(machine.architecture() + " reads " + limit)
        .hasMessageContaining("Leave out 1 bytes");
    assertThat(start.leftovers()).isEmpty();
  }

  @Test
  void parameters_thatJustFit_areNotTheProblem() throws IOException {
    TestStart start =
        new TestStart(Files.createDirectory(directory.resolve("s")), Duration.ofSeconds(30));
    QemuHypervisor hypervisor =
        new QemuHypervisor(
            config(MachineType.Q35, 2047), new CapabilityCache(directory.resolve("cache")));

    assertThatThrownBy(
            () -> hypervisor.launch(TestStart.spec(TestStart.kernel(directory)), start).close())
        .hasMessageContaining("ended at once");
    assertThat(KernelParameters.length(List.of("a", "\u00fc"))).isEqualTo(4);
  }
}
