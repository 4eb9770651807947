package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.config.internal.HostSize;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.PersistentMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaunchPlanTest {
  private static final HostSize HOST = new HostSize(8, MemorySize.gibibytes(16), "x86_64");

  @TempDir Path directory;

  private static LaunchPlan plan(Map<String, Object> qemu) {
    KataConfiguration.Builder builder = KataConfiguration.builder();
    qemu.forEach((key, value) -> builder.set("hypervisor.qemu", key, value));
    return LaunchPlan.of(builder.build(), HOST);
  }

  private static QemuConfig qemu(Map<String, Object> settings) {
    return plan(settings).qemu();
  }

  @Test
  void nothingSet_isKatasMachine() {
    QemuConfig qemu = qemu(Map.of());

    assertThat(qemu.machine()).hasValue(MachineType.Q35);
    assertThat(qemu.sizes().vcpus()).isEqualTo(1);
    assertThat(qemu.sizes().memory()).isEqualTo(MemorySize.gibibytes(2));
    assertThat(qemu.cpuLayout().orElseThrow().maximum()).isEqualTo(8);
    assertThat(qemu.memoryLayout().maximum()).hasValue(MemorySize.gibibytes(17));
    assertThat(qemu.memoryLayout().slots()).isEqualTo(10);
    assertThat(qemu.debug()).isEmpty();
    assertThat(qemu.devices()).isEmpty();
    assertThat(plan(Map.of()).guest()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1.5,2", "0,1", "-1,8", "100,8", "0.1,1", "7.01,8"})
  void vcpus_areWholeAndWithinTheHost(double asked, int given) {
    assertThat(qemu(Map.of("default_vcpus", asked)).sizes().vcpus()).isEqualTo(given);
  }

  @ParameterizedTest
  @CsvSource({"0,0,17408", "4096,0,5120", "4096,512,5632", "1048576,0,17408"})
  void memory_growsToTheLimitAndSpare(long limit, long offset, long maximum) {
    assertThat(
            qemu(Map.of("default_maxmemory", limit, "memory_offset", offset))
                .memoryLayout()
                .maximum())
        .hasValue(MemorySize.mebibytes(maximum));
  }

  @Test
  void staticResources_settleTheSizes() {
    QemuConfig qemu =
        LaunchPlan.of(
                KataConfiguration.builder()
                    .set("runtime", "static_sandbox_resource_mgmt", true)
                    .build(),
                HOST)
            .qemu();

    assertThat(qemu.cpuLayout()).isEmpty();
    assertThat(qemu.memoryLayout().maximum()).isEmpty();
  }

  @Test
  void microvm_hasNothingToPlug() {
    QemuConfig qemu = qemu(Map.of("machine_type", "microvm", "pcie_root_port", 4));

    assertThat(qemu.machine()).hasValue(MachineType.MICROVM);
    assertThat(qemu.memoryLayout().maximum()).isEmpty();
    assertThat(qemu.pciePorts()).isZero();
  }

  @Test
  void options_reachTheDriver() {
    QemuConfig qemu =
        qemu(
            Map.of(
                "machine_accelerators",
                "a=1, ,b=2",
                "cpu_features",
                "pmu=off",
                "seccompsandbox",
                "on,spawn=deny",
                "entropy_source",
                "/dev/random",
                "enable_hugepages",
                true,
                "enable_mem_prealloc",
                true,
                "enable_virtio_mem",
                true,
                "reclaim_guest_freed_memory",
                true,
                "pcie_root_port",
                3,
                "kernel_params",
                "quiet dyndbg=\"file a +p\""));

    assertThat(qemu.machineOptions()).containsExactly("a=1", "b=2");
    assertThat(qemu.cpuFeatures()).containsExactly("pmu=off");
    assertThat(qemu.seccompFilter()).hasValue("on,spawn=deny");
    assertThat(qemu.kernelParameters()).containsExactly("quiet", "dyndbg=\"file a +p\"");
    assertThat(qemu.devices())
        .contains(new EntropySource("rng0", Path.of("/dev/random")))
        .hasSize(2);
    assertThat(qemu.memoryLayout().resizable()).isTrue();
    assertThat(qemu.memoryLayout().backend()).isInstanceOf(MemoryBackend.HugePages.class);
    assertThat(qemu.extraArguments()).containsExactly("-mem-prealloc");
    assertThat(qemu.pciePorts()).isEqualTo(3);
  }

  @Test
  void otherSpellingOfTheFilter_isTheSame() {
    assertThat(qemu(Map.of("seccomp_sandbox", "on")).seccompFilter()).hasValue("on");
    assertThat(qemu(Map.of("seccompsandbox", "")).seccompFilter()).isEmpty();
  }

  @Test
  void agent_isToldOnTheKernelsCommandLine() {
    KataConfiguration configuration =
        KataConfiguration.builder()
            .set("agent.kata", "enable_debug", true)
            .set("agent.kata", "debug_console_enabled", true)
            .set("agent.kata", "cdh_api_timeout_ms", 50000)
            .set("agent.kata", "launch_process_timeout", 6)
            .set("agent.kata.mem_agent", "mem_agent_enable", true)
            .set("agent.kata.mem_agent", "memcg_swap", false)
            .set("agent.kata.mem_agent", "compact_order", 9)
            .set("hypervisor.qemu", "kernel_params", "agent.log=trace")
            .build();

    assertThat(LaunchPlan.of(configuration, HOST).qemu().kernelParameters())
        .containsExactly(
            "agent.log=debug",
            "agent.debug_console",
            "agent.debug_console_vport=1026",
            "agent.cdh_api_timeout=50",
            "agent.launch_process_timeout=6",
            "psi=1",
            "agent.mem_agent_enable=1",
            "agent.mem_agent_memcg_swap=0",
            "agent.mem_agent_compact_order=9",
            // Last, so that the user's word is final.
            "agent.log=trace");
  }

  private Map<String, Object> imaged(int mebibytes, Map<String, Object> more) throws IOException {
    Path image = Files.write(directory.resolve("guest.img"), new byte[mebibytes << 20]);
    Map<String, Object> settings = new java.util.HashMap<>(more);
    settings.put("kernel", "/boot/vmlinux");
    settings.put("image", image.toString());
    return settings;
  }

  @Test
  void image_isPersistentMemoryByDefault() throws IOException {
    LaunchPlan plan = plan(imaged(2, Map.of()));

    assertThat(plan.qemu().devices())
        .singleElement()
        .isEqualTo(
            new PersistentMemory(
                "image0", directory.resolve("guest.img"), MemorySize.mebibytes(2), true));
    assertThat(plan.guestAssets().kernelParameters())
        .startsWith(
            "root=/dev/pmem0p1",
            "rootflags=dax,data=ordered,errors=remount-ro",
            "ro",
            "rootfstype=ext4");
    assertThat(plan.guestAssets().kernel()).isEqualTo(Path.of("/boot/vmlinux"));
  }

  @Test
  void image_asADisk_isReadOnly() throws IOException {
    Disk disk = Disk.raw("image0", directory.resolve("guest.img")).asReadOnly();

    LaunchPlan plan = plan(imaged(2, Map.of("disable_image_nvdimm", true, "rootfs_type", "erofs")));
    assertThat(plan.qemu().devices()).containsExactly(disk);
    assertThat(plan.guestAssets().kernelParameters())
        .startsWith("root=/dev/vda1", "ro", "rootfstype=erofs");

    LaunchPlan scsi = plan(imaged(2, Map.of("vm_rootfs_driver", "virtio-scsi")));
    assertThat(scsi.qemu().devices()).containsExactly(disk.onScsi());
    assertThat(scsi.guestAssets().kernelParameters()).startsWith("root=/dev/sda1");

    // Persistent memory comes in whole blocks of 2 MiB.
    assertThat(plan(imaged(3, Map.of())).qemu().devices()).containsExactly(disk);
  }

  @Test
  void image_verified_isBehindTheDeviceMapper() throws IOException {
    String verity =
        "root_hash=ab12,salt=cd34,data_blocks=100,data_block_size=4096,hash_block_size=4096";

    assertThat(
            plan(imaged(2, Map.of("kernel_verity_params", verity)))
                .guestAssets()
                .kernelParameters())
        .startsWith(
            "dm-mod.create=\"dm-verity,,,ro,0 800 verity 1 /dev/pmem0p1 /dev/pmem0p2 4096 4096 100"
                + " 0 sha256 ab12 cd34\"",
            "root=/dev/dm-0");
  }

  @Test
  void initrd_isBootedAsItIs() {
    LaunchPlan plan = plan(Map.of("kernel", "/boot/vmlinux", "initrd", "/boot/initrd"));

    assertThat(plan.guestAssets().initrd()).hasValue(Path.of("/boot/initrd"));
    assertThat(plan.guestAssets().kernelParameters()).isEmpty();
    assertThat(plan.guest()).isPresent();
  }

  @Test
  void whatWouldBeAnotherMachine_isNotStarted() {
    for (Map<String, Object> settings :
        List.<Map<String, Object>>of(
            Map.of("confidential_guest", true),
            Map.of("machine_type", "virt"),
            Map.of("machine_type", "s390-ccw-virtio"))) {
      LaunchPlan plan = plan(settings);
      assertThat(plan.obstacles()).hasSize(1);
      assertThatExceptionOfType(KataException.class)
          .isThrownBy(plan::qemu)
          .withMessageStartingWith("this configuration would not be started: ");
    }
  }

  @ParameterizedTest
  @CsvSource({"true,0,1", "true,1,1", "true,4,4", "true,50,16", "false,4,0", "false,0,0"})
  void ioThreads_areThoseThatDisksWouldUse(boolean enabled, long asked, int given) {
    LaunchPlan plan = plan(Map.of("enable_iothreads", enabled, "indep_iothreads", asked));

    assertThat(plan.qemu().ioThreads()).isEqualTo(given);
    assertThat(plan.ignored()).isEmpty();
    // Another number than the one that was asked for is told.
    assertThat(
            plan.choices().stream().anyMatch(choice -> choice.toString().contains("I/O threads")))
        .isEqualTo(given != asked);
  }

  @Test
  void ignored_isWhatWasSetAndDoesNothing() {
    LaunchPlan plan =
        plan(
            Map.of(
                "shared_fs",
                "none",
                "block_device_aio",
                "threads",
                "queue_size",
                128,
                "default_vcpus",
                2,
                "enable_iothreads",
                false));

    assertThat(plan.ignored())
        .extracting(Setting::path)
        .containsExactly("hypervisor.qemu.shared_fs", "hypervisor.qemu.block_device_aio");
  }
}
