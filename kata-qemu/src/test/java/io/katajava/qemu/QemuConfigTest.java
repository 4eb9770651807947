package io.katajava.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.katajava.MemorySize;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qemu.device.PanicNotifier;
import io.katajava.qemu.device.Vsock;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QemuConfigTest {

  @Test
  void defaults_haveNoDebugAndNoDevice() {
    QemuConfig config = QemuConfig.builder().build();

    assertThat(config.debug()).isEmpty();
    assertThat(config.devices()).isEmpty();
    assertThat(config.sizes().vcpus()).isEqualTo(QemuConfig.DEFAULT_VCPUS);
    assertThat(config.memoryLayout()).isEqualTo(MemoryLayout.fixed());
  }

  @Test
  void toBuilder_keepsEverythingAndLeavesTheOriginalAlone() {
    QemuConfig config =
        QemuConfig.builder()
            .machine(MachineType.Q35)
            .cpuModel("Nehalem")
            .vcpus(2)
            .cpuLayout(CpuLayout.upTo(4))
            .memoryLayout(MemoryLayout.pluggable(MemorySize.gibibytes(1), 2))
            .pciePorts(3)
            .ioThreads(2)
            .addDevice(Balloon.reporting())
            .addKernelParameter("debug")
            .debug(debug -> debug.extraMonitor(ExtraMonitor.HMP))
            .extraArguments("-d", "guest_errors")
            .build();
    QemuConfig copy = config.toBuilder().addKernelParameter("ro").build();

    assertThat(copy)
        .usingRecursiveComparison()
        .ignoringFields("kernelParameters")
        .isEqualTo(config);
    assertThat(copy.kernelParameters()).containsExactly("debug", "ro");
    assertThat(config.kernelParameters()).containsExactly("debug");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 513})
  void vcpus_outOfRange_areRefusedWhereTheyAreSet(int vcpus) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QemuConfig.builder().vcpus(vcpus))
        .withMessageContaining(String.valueOf(vcpus));
  }

  @Test
  void memory_tooLittleOrUneven_isRefusedWhereItIsSet() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QemuConfig.builder().memory(MemorySize.mebibytes(8)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QemuConfig.builder().memory(MemorySize.kibibytes(200_001)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "tab\there"})
  void kernelParameter_notOne_isRefused(String parameter) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QemuConfig.builder().addKernelParameter(parameter));
  }

  @Test
  void build_reportsAllProblemsAtOnce() {
    QemuConfig.Builder builder =
        QemuConfig.builder()
            .machine(MachineType.MICROVM)
            .accelerator(Accelerator.TCG)
            .cpuModel("host")
            .vcpus(4)
            .cpuLayout(CpuLayout.upTo(2))
            .pciePorts(1)
            .memoryLayout(MemoryLayout.pluggable(MemorySize.mebibytes(128), 1))
            .addDevice(PanicNotifier.standard());

    assertThatIllegalStateException()
        .isThrownBy(builder::build)
        .withMessageContaining("host needs KVM")
        .withMessageContaining("ends at 2 vCPUs but vcpus is 4")
        .withMessageContaining("128 MiB at most but is 256 MiB")
        .withMessageContaining("pciePorts is 1")
        .withMessageContaining("'pvpanic0' does not exist on microvm");
  }

  @Test
  void numaNodes_thatDoNotAddUp_areAProblem() {
    NumaNode node = new NumaNode(0, 0, MemorySize.mebibytes(100), OptionalInt.empty());

    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                QemuConfig.builder()
                    .memoryLayout(MemoryLayout.fixed().inNodes(List.of(node)))
                    .build())
        .withMessageContaining("100 MiB together but memory is 256 MiB");
  }

  @Test
  void device_sameIdTwice_isRefused() {
    QemuConfig.Builder builder =
        QemuConfig.builder().addDevice(Disk.raw("a", Path.of("/tmp/a.img")));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.addDevice(Nic.of("a", NicBackend.User.network())))
        .withMessageContaining("'a'");
  }

  @Test
  void devices_malformed_areRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Disk.raw("a,b=c", Path.of("/tmp/a")));
    assertThatIllegalArgumentException().isThrownBy(() -> Disk.raw("a", Path.of("relative")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Nic.of("n", NicBackend.User.network()).withMac("01:00:5e:00:00:01"))
        .withMessageContaining("multicast");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NicBackend.Tap("tap0,script=/bin/sh", false));
    assertThatIllegalArgumentException().isThrownBy(() -> new Vsock("v", 2));
    assertThatIllegalArgumentException().isThrownBy(() -> new CpuLayout(6, 4, 1));
  }

  @Test
  void toString_tellsTheExtraMonitor() {
    assertThat(QemuConfig.builder().build()).asString().contains("debug off");
    assertThat(
            QemuConfig.builder()
                .debug(debug -> debug.extraMonitor(ExtraMonitor.QMP_PRETTY))
                .build())
        .asString()
        .contains("QMP_PRETTY");
  }

  @Test
  void options_areOneEach() {
    QemuConfig.Builder builder = QemuConfig.builder();

    assertThatIllegalArgumentException().isThrownBy(() -> builder.addMachineOption("a=1,b=2"));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.addCpuFeature(" "));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.seccompFilter(""));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.addKernelParameter("a b"));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.addKernelParameter("a=\"b c"));
    assertThat(builder.addKernelParameter("a=\"b c\"").build().kernelParameters())
        .containsExactly("a=\"b c\"");
  }
}
