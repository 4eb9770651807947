package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.MemorySize;
import io.katajava.qemu.CpuLayout;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.MemoryLayout;
import io.katajava.qemu.NumaNode;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.GenerationId;
import io.katajava.qemu.device.HostDevice;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qemu.device.PanicNotifier;
import io.katajava.qemu.device.PersistentMemory;
import io.katajava.qemu.device.SharedDirectory;
import io.katajava.qemu.device.VhostUserDisk;
import io.katajava.qemu.device.VirtualIommu;
import io.katajava.qemu.device.Vsock;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole command lines, compared with files: an option and its value on a line. */
class QemuCommandLineTest {
  private static final Path STATE = Path.of("/run/kata-java/k7b2");

  private static VmSpec spec(int vcpus) {
    return new VmSpec(
        "k7b2",
        new VmSizes(vcpus, MemorySize.mebibytes(256)),
        new GuestAssets(
            Path.of("/g/vmlinux"),
            Optional.of(Path.of("/g/initrd")),
            List.of("cryptomgr.notests"),
            GuestAssets.DEFAULT_AGENT_PORT,
            Map.of(),
            Optional.empty(),
            Map.of(),
            "key",
            List.of()));
  }

  private static List<String> arguments(QemuConfig config, boolean kvm, MachineType machine) {
    return new QemuCommandLine(config, spec(config.sizes().vcpus()), STATE, kvm, machine, true)
        .arguments();
  }

  /** An option and its value on a line. */
  private static String lines(List<String> arguments) {
    StringBuilder text = new StringBuilder();
    for (String argument : arguments) {
      text.append(text.length() == 0 ? "" : argument.startsWith("-") ? "\n" : " ").append(argument);
    }
    return text.append('\n').toString();
  }

  private static String golden(String name) throws IOException {
    try (InputStream file =
        QemuCommandLineTest.class.getResourceAsStream("/golden/" + name + ".txt")) {
      return new String(
          Objects.requireNonNull(file, "no golden/" + name + ".txt").readAllBytes(),
          StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Q35,false,q35-tcg",
    "Q35,true,q35-kvm",
    "PC,false,pc-tcg",
    "MICROVM,false,microvm-tcg",
    "MICROVM,true,microvm-kvm",
    "VIRT,false,aarch64-tcg",
    "VIRT,true,aarch64-kvm",
    "PSERIES,false,ppc64-tcg",
    "S390_CCW_VIRTIO,false,s390x-tcg",
    "RISCV_VIRT,false,riscv64-tcg"
  })
  void defaults_giveTheGoldenLine(MachineType machine, boolean kvm, String name)
      throws IOException {
    QemuConfig config = QemuConfig.builder().machine(machine).build();

    assertThat(lines(arguments(config, kvm, machine))).isEqualTo(golden(name));
  }

  static QemuConfig full() {
    return QemuConfig.builder()
        .machine(MachineType.Q35)
        .vcpus(2)
        .cpuModel("Nehalem,-vmx")
        .cpuLayout(new CpuLayout(4, 2, 1))
        .memoryLayout(
            new MemoryLayout(
                new MemoryBackend.Memfd(),
                Optional.of(MemorySize.gibibytes(2)),
                4,
                false,
                List.of(
                    new NumaNode(0, 1, MemorySize.mebibytes(128), OptionalInt.empty()),
                    new NumaNode(2, 3, MemorySize.mebibytes(128), OptionalInt.of(0)))))
        .firmware(Path.of("/fw/qboot.rom"))
        .pciePorts(2)
        .ioThreads(2)
        .addDevice(Disk.raw("data", Path.of("/img/a,b.img")))
        .addDevice(Disk.qcow2("sys", Path.of("/img/sys.qcow2")).onScsi().asReadOnly())
        .addDevice(Disk.raw("lv", Path.of("/dev/vg/lv")))
        .addDevice(
            Nic.of("eth0", new NicBackend.User(true, List.of(new NicBackend.Forward(8080, 80))))
                .withMac("52:54:00:12:34:56"))
        .addDevice(Nic.of("eth1", new NicBackend.Tap("tap0", true)))
        .addDevice(Nic.of("eth2", new NicBackend.Passt(Path.of("/run/passt.sock"))))
        .addDevice(SharedDirectory.of("fs0", Path.of("/run/fs.sock"), "share"))
        .addDevice(new VhostUserDisk("vud", Path.of("/run/vud.sock")))
        .addDevice(Balloon.reporting())
        .addDevice(EntropySource.urandom())
        .addDevice(GenerationId.automatic())
        .addDevice(PanicNotifier.standard())
        .addDevice(VirtualIommu.standard())
        .addDevice(new HostDevice("gpu", "0000:3b:00.0"))
        .addDevice(new Vsock("vsock0", 77))
        .addDevice(
            new PersistentMemory("img", Path.of("/img/root"), MemorySize.mebibytes(64), true))
        .addKernelParameter("user=last")
        .debug(debug -> debug.extraMonitor(ExtraMonitor.QMP_PRETTY))
        .extraArguments("-d", "guest_errors")
        .build();
  }

  @Test
  void everything_givesTheGoldenLine() throws IOException {
    assertThat(lines(arguments(full(), false, MachineType.Q35))).isEqualTo(golden("q35-full"));
  }

  @Test
  void resizableMemory_isOneDevice() {
    QemuConfig config =
        QemuConfig.builder()
            .machine(MachineType.Q35)
            .memoryLayout(MemoryLayout.resizable(MemorySize.gibibytes(1)))
            .build();

    assertThat(arguments(config, false, MachineType.Q35))
        .contains("256M,maxmem=1024M")
        .contains("memory-backend-ram,id=ram-virtiomem0,size=805306368")
        .contains("virtio-mem-pci,id=virtiomem0,memdev=ram-virtiomem0,requested-size=0");
  }

  @Test
  void template_isAMappedFile() {
    QemuConfig config =
        QemuConfig.builder()
            .machine(MachineType.Q35)
            .memoryLayout(
                MemoryLayout.fixed()
                    .on(new MemoryBackend.MappedFile(Path.of("/dev/shm/t/memory"), false)))
            .build();

    assertThat(arguments(config, false, MachineType.Q35))
        .contains("memory-backend-file,id=ram0,size=268435456,mem-path=/dev/shm/t/memory,share=off")
        .anyMatch(
            argument -> argument.startsWith("q35,") && argument.endsWith(",memory-backend=ram0"));
  }

  @Test
  void clone_ofAQemuThatCan_opensItsMemoryForReadingOnly() {
    for (boolean shared : new boolean[] {false, true}) {
      QemuConfig config =
          QemuConfig.builder()
              .memoryLayout(
                  MemoryLayout.fixed()
                      .on(new MemoryBackend.MappedFile(Path.of("/dev/shm/none/m"), shared)))
              .build();
      String line =
          String.join(
              " ",
              new QemuCommandLine(
                      config,
                      spec(1),
                      STATE,
                      false,
                      MachineType.Q35,
                      true,
                      true,
                      QemuCommandLine.Origin.TEMPLATE)
                  .arguments());
      assertThat(line).contains("mem-path=/dev/shm/none/m,share=" + (shared ? "on" : "off"));
      assertThat(line.contains(",readonly=on,rom=off")).isEqualTo(!shared);
    }
  }

  @Test
  void vhostUser_makesTheMemoryShared() {
    QemuConfig config =
        QemuConfig.builder()
            .machine(MachineType.Q35)
            .addDevice(SharedDirectory.of("fs0", Path.of("/run/fs.sock"), "share"))
            .build();

    assertThat(arguments(config, false, MachineType.Q35))
        .contains("memory-backend-memfd,id=ram0,size=268435456,share=on");
  }

  @Test
  void extraMonitor_isThereOnlyWithDebug() {
    List<String> without =
        arguments(QemuConfig.builder().debug(debug -> {}).build(), false, MachineType.Q35);
    assertThat(without)
        .doesNotContain("-monitor", "-qmp-pretty", "-mon")
        .filteredOn(argument -> argument.equals("-qmp"))
        .hasSize(1);
    assertThat(lines(without)).doesNotContain("extra-monitor");

    for (ExtraMonitor monitor : ExtraMonitor.values()) {
      List<String> with =
          arguments(
              QemuConfig.builder().debug(debug -> debug.extraMonitor(monitor)).build(),
              false,
              MachineType.Q35);
      List<String> added = new ArrayList<>(with);
      without.forEach(added::remove);
      assertThat(added)
          .containsExactly(
              monitor.option(),
              "unix:path=/run/kata-java/k7b2/extra-monitor.sock,server=on,wait=off");
    }
  }

  @Test
  void withoutSeccomp_nothingIsSaidAboutIt() {
    QemuConfig config = QemuConfig.builder().build();

    assertThat(
            new QemuCommandLine(config, spec(1), STATE, false, MachineType.Q35, false).arguments())
        .doesNotContain("-sandbox");
  }

  @Test
  void commaInTheDirectory_isDoubled() {
    QemuConfig config = QemuConfig.builder().build();

    assertThat(
            new QemuCommandLine(config, spec(1), Path.of("/run/a,b"), false, MachineType.Q35, true)
                .arguments())
        .contains("unix:path=/run/a,,b/qmp.sock,server=on,wait=off");
  }

  @Test
  void moreOptions_followTheDriversOwn() {
    QemuConfig config =
        QemuConfig.builder()
            .addMachineOption("mem-merge=off")
            .addMachineOption("dump-guest-core=off")
            .addCpuFeature("pmu=off")
            .seccompFilter("on,spawn=deny")
            .build();

    List<String> line = arguments(config, true, MachineType.Q35);

    assertThat(line.get(line.indexOf("-machine") + 1))
        .startsWith("q35,")
        .endsWith(",mem-merge=off,dump-guest-core=off");
    assertThat(line.get(line.indexOf("-cpu") + 1)).isEqualTo("host,pmu=off");
    assertThat(line.get(line.indexOf("-sandbox") + 1)).isEqualTo("on,spawn=deny");
    assertThat(arguments(config.toBuilder().build(), true, MachineType.Q35)).isEqualTo(line);
  }
}
