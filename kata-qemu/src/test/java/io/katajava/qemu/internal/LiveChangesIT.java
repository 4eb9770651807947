package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.ChangePlan.Verdict;
import io.katajava.qemu.CpuLayout;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.LiveChange.AddDevice;
import io.katajava.qemu.LiveChange.AddMemory;
import io.katajava.qemu.LiveChange.AddVcpus;
import io.katajava.qemu.LiveChange.RemoveDevice;
import io.katajava.qemu.LiveChange.RemoveMemory;
import io.katajava.qemu.LiveChange.RemoveVcpus;
import io.katajava.qemu.LiveChange.ResizeMemory;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryLayout;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuStatistics;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.VmEvent;
import io.katajava.qemu.VmEvents;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qemu.device.PanicNotifier;
import io.katajava.qmp.command.DeviceAdd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Changes of a running guest, seen from inside the guest. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class LiveChangesIT {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private Path directory;
  private Kata kata;
  private Sandbox sandbox;
  private QemuVm vm;

  @BeforeAll
  void boot() throws IOException {
    directory = Files.createTempDirectory("kq");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Captured hypervisor =
        new Captured(
            QemuConfig.builder()
                .machine(MachineType.Q35)
                .accelerator(Accelerator.TCG)
                .cpuLayout(CpuLayout.upTo(2))
                .memoryLayout(MemoryLayout.pluggable(MemorySize.gibibytes(1), 2))
                .pciePorts(2)
                .addDevice(Balloon.reporting())
                // What is added to the kernel's own zone it seldom gives back.
                .addKernelParameter("memhp_default_state=online_movable")
                .build());
    kata = Kata.builder().stateDirectory(directory.resolve("s")).hypervisor(hypervisor).build();
    sandbox = kata.sandbox().startTimeout(Duration.ofMinutes(2)).start();
    vm = hypervisor.vm();
  }

  @AfterAll
  void end() throws IOException {
    sandbox.close();
    kata.close();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private String guest(String command) {
    return sandbox.exec("sh", "-c", command).stdoutText().strip();
  }

  /** PCI device ids; virtio's are 0x1040 and the kind of device. */
  private String devices() {
    return guest("cat /sys/bus/pci/devices/*/device");
  }

  private void seen(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("the guest has not followed").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private void apply(LiveChange change) {
    assertThat(vm.plan(change).verdict()).as("%s", vm.plan(change)).isEqualTo(Verdict.LIVE);
    vm.apply(change, LIMIT);
  }

  @Test
  void vcpu_added_isUsedInTheGuest() throws InterruptedException {
    assertThat(vm.plan(new AddVcpus(2)).verdict()).isEqualTo(Verdict.NEEDS_RESTART);
    assertThat(vm.plan(new RemoveVcpus(1)).verdict()).isEqualTo(Verdict.UNSUPPORTED);

    apply(new AddVcpus(1));
    seen(() -> guest("cat /sys/devices/system/cpu/present").equals("0-1"));
    seen(() -> guest("cat /sys/devices/system/cpu/online; nproc").equals("0-1\n2"));
    assertThat(vm.plan(new AddVcpus(1)).verdict()).isEqualTo(Verdict.NEEDS_RESTART);
  }

  @Test
  void memory_added_isSeenInTheGuest() throws InterruptedException {
    int before = Integer.parseInt(guest("ls -d /sys/devices/system/memory/memory* | wc -l"));
    assertThat(vm.plan(new AddMemory("much", MemorySize.gibibytes(2))).verdict())
        .isEqualTo(Verdict.NEEDS_RESTART);

    apply(new AddMemory("dimm0", MemorySize.mebibytes(128)));
    seen(
        () ->
            Integer.parseInt(guest("ls -d /sys/devices/system/memory/memory* | wc -l"))
                == before + 1);
    assertThat(vm.plan(new AddMemory("dimm0", MemorySize.mebibytes(128))).verdict())
        .isEqualTo(Verdict.UNSUPPORTED);

    apply(new RemoveMemory("dimm0"));
    seen(
        () ->
            Integer.parseInt(guest("ls -d /sys/devices/system/memory/memory* | wc -l")) == before);
  }

  @Test
  void disk_pluggedAndUnplugged_isSeenInTheGuest() throws Exception {
    Path image = directory.resolve("data.img");
    Files.write(image, new byte[3 << 20]);
    Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-rw-rw-"));
    Disk disk = Disk.raw("data", image);

    apply(new AddDevice(disk));
    seen(() -> devices().contains("0x1042"));
    assertThat(vm.plan(new AddDevice(disk)).verdict()).isEqualTo(Verdict.UNSUPPORTED);
    QemuStatistics statistics = vm.statistics();
    assertThat(statistics.disks()).containsKey("data");
    assertThat(statistics.residentMemory()).isGreaterThan(MemorySize.mebibytes(64));
    assertThat(statistics.cpuTime()).isPositive();

    try (VmEvents events = vm.events()) {
      apply(new RemoveDevice("data"));
      assertThat(events.take(LIMIT).orElseThrow())
          .isInstanceOfSatisfying(
              VmEvent.DeviceRemoved.class, gone -> assertThat(gone.id()).isEqualTo("data"));
    }
    assertThat(devices()).doesNotContain("0x1042");
  }

  @Test
  void nic_plugged_isSeenInTheGuest() throws InterruptedException {
    Nic nic = Nic.of("eth0", NicBackend.User.network()).withMac("52:54:00:ab:cd:ef");

    apply(new AddDevice(nic));
    seen(() -> devices().contains("0x1041"));
    apply(new RemoveDevice("eth0"));
    assertThat(devices()).doesNotContain("0x1041");
  }

  @Test
  void change_thatFailsHalfWay_isTakenBack() {
    // Somebody else takes the id, so that the card fails when its network is already made.
    vm.monitor()
        .execute(DeviceAdd.builder("virtio-rng-pci").id("twin").bus(HotPlugPorts.name(1)).build());
    Nic nic = Nic.of("twin", NicBackend.User.network());
    try {
      assertThatExceptionOfType(KataException.class)
          .isThrownBy(() -> vm.apply(new AddDevice(nic), LIMIT))
          .withMessageContaining("device_add");
      // Were the network still there, the second attempt would fail before the device does.
      assertThatExceptionOfType(KataException.class)
          .isThrownBy(() -> vm.apply(new AddDevice(nic), LIMIT))
          .withMessageContaining("device_add");
    } finally {
      vm.monitor().unplug("twin", LIMIT).join();
    }
  }

  @Test
  void whatCannotBe_isSaidBefore() {
    assertThat(vm.plan(new AddDevice(PanicNotifier.standard())).verdict())
        .isEqualTo(Verdict.NEEDS_RESTART);
    assertThat(vm.plan(new ResizeMemory(MemorySize.mebibytes(64))).verdict())
        .isEqualTo(Verdict.NEEDS_RESTART);
    assertThat(vm.plan(new RemoveDevice("balloon0")).verdict()).isEqualTo(Verdict.UNSUPPORTED);
    assertThatIllegalStateException()
        .isThrownBy(() -> vm.apply(new RemoveDevice("nobody"), LIMIT))
        .withMessageContaining("there is no device 'nobody'");
  }

  @Test
  void pause_standsStill_resumeGoesOn() {
    vm.pause();
    assertThat(vm.runState()).isEqualTo("paused");
    vm.resume();
    assertThat(guest("echo on")).isEqualTo("on");
  }
}
