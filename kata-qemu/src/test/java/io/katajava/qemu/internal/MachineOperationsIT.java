package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.MemorySize;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.LiveChange.AddDevice;
import io.katajava.qemu.LiveChange.RemoveDevice;
import io.katajava.qemu.LiveChange.ResizeMemory;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryLayout;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuStatistics.DiskTransfers;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.VmEvent;
import io.katajava.qemu.VmEvents;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.PanicNotifier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What can be done to a running machine, seen from inside the guest. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class MachineOperationsIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Kilobytes, as the guest counts them. */
  private static final String TOTAL = "awk '/^MemTotal/ {print $2}' /proc/meminfo";

  private static final String FREE = "awk '/^MemFree/ {print $2}' /proc/meminfo";

  private Path images;
  private ProbeGuest guest;
  private QemuVm vm;

  private static QemuConfig.Builder config() {
    return QemuConfig.builder()
        .machine(MachineType.Q35)
        .accelerator(Accelerator.TCG)
        .addDevice(PanicNotifier.standard());
  }

  @BeforeAll
  void boot() throws Exception {
    images = Files.createTempDirectory("kq");
    Files.setPosixFilePermissions(images, PosixFilePermissions.fromString("rwxr-xr-x"));
    guest =
        new ProbeGuest(
            config()
                .memoryLayout(MemoryLayout.resizable(MemorySize.mebibytes(512)))
                .pciePorts(1)
                .ioThreads(2)
                .addDevice(Balloon.reporting())
                .addDevice(Disk.raw("data", image("data")))
                .addDevice(Disk.raw("scsi", image("scsi")).onScsi())
                .addKernelParameter("memhp_default_state=online_movable")
                .extraArguments("-device", "VGA")
                .build());
    vm = guest.vm();
  }

  private Path image(String name) throws IOException {
    Path image = Files.write(images.resolve(name), new byte[4 << 20]);
    return Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-rw-rw-"));
  }

  @AfterAll
  void end() throws IOException {
    guest.close();
    for (String name : new String[] {"data", "scsi", "more"}) {
      Files.deleteIfExists(images.resolve(name));
    }
    Files.delete(images);
  }

  private static <E extends VmEvent> E await(VmEvents events, Class<E> type) {
    while (true) {
      VmEvent event = events.take(LIMIT).orElseThrow();
      if (type.isInstance(event)) {
        return type.cast(event);
      }
    }
  }

  @Test
  void balloon_takesMemoryFromTheGuestAndGivesItBack() throws Exception {
    long before = guest.number(FREE);
    MemorySize full = vm.balloon();
    MemorySize less = MemorySize.mebibytes(full.toMebibytes() - 64);
    try (VmEvents events = vm.events()) {
      vm.balloon(less);
      // It grows step by step, and each event tells how far it has come.
      VmEvent.BalloonChanged change = await(events, VmEvent.BalloonChanged.class);
      assertThat(change.guestMemory()).isLessThan(full);
      while (!change.guestMemory().equals(less)) {
        change = await(events, VmEvent.BalloonChanged.class);
      }
    }
    assertThat(vm.balloon()).isEqualTo(less);
    // A balloon that gives way before the guest starves stays in MemTotal.
    guest.await(FREE, kb -> number(kb) < before - 50_000);

    vm.balloon(full);
    guest.await(FREE, kb -> number(kb) > before - 10_000);
  }

  private static long number(String text) {
    return Long.parseLong(text);
  }

  @Test
  void resizableMemory_growsAndShrinksInTheGuest() throws Exception {
    long before = guest.number(TOTAL);
    try (VmEvents events = vm.events()) {
      vm.apply(new ResizeMemory(MemorySize.mebibytes(128)), LIMIT);
      assertThat(await(events, VmEvent.MemoryResized.class).size())
          .isGreaterThan(MemorySize.mebibytes(0));
      guest.await(TOTAL, kb -> number(kb) >= before + 120_000);

      vm.apply(new ResizeMemory(MemorySize.mebibytes(0)), LIMIT);
      guest.await(TOTAL, kb -> number(kb) <= before);
    }
  }

  @Test
  void statistics_countWhatTheGuestReads() throws Exception {
    long before = transfers().bytesRead();
    guest.ask("dd if=/dev/vda of=/dev/null bs=1M count=3");
    DiskTransfers after = transfers();
    assertThat(after.bytesRead()).isGreaterThanOrEqualTo(before + (3 << 20));
    assertThat(after.reads()).isPositive();
    assertThat(vm.statistics().threads()).isGreaterThan(1);
  }

  private DiskTransfers transfers() {
    return Objects.requireNonNull(vm.statistics().disks().get("data"));
  }

  @Test
  void screendump_isAPicture() throws IOException {
    Path file = guest.directory().resolve("written-by-qemu.ppm");
    vm.screendump(file);
    byte[] picture = Files.readAllBytes(file);
    assertThat(new String(picture, 0, 2, StandardCharsets.US_ASCII)).isEqualTo("P6");
    assertThat(picture.length).isGreaterThan(3 * 640 * 400);
  }

  @Test
  void dumpMemory_holdsWhatTheGuestKnows() throws IOException {
    // Half of it here and half there, so that the whole is made in the guest.
    guest.tell("MARK=$(printf 'only-the-guest%s' '-knows-this')");
    assertThat(guest.ask("echo ${#MARK}")).isEqualTo("25");
    Path file = guest.directory().resolve("written-by-qemu.core");
    vm.dumpMemory(file, LIMIT);

    try (FileChannel dump = FileChannel.open(file)) {
      ByteBuffer bytes = dump.map(FileChannel.MapMode.READ_ONLY, 0, dump.size());
      assertThat(dump.size()).isGreaterThan(256L << 20);
      assertThat(bytes.getInt()).isEqualTo(0x7f454c46);
      assertThat(contains(bytes, "only-the-guest-knows-this")).isTrue();
    }
    assertThat(vm.runState()).isEqualTo("running");
    assertThat(guest.ask("echo still here")).isEqualTo("still here");
  }

  private static boolean contains(ByteBuffer bytes, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
    byte[] block = new byte[1 << 20];
    for (int at = 0; at < bytes.limit(); at += block.length - wanted.length) {
      bytes.position(at);
      int length = Math.min(block.length, bytes.remaining());
      bytes.get(block, 0, length);
      for (int i = 0; i + wanted.length <= length; i++) {
        if (block[i] == wanted[0]
            && Arrays.equals(block, i, i + wanted.length, wanted, 0, wanted.length)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void pause_theGuestDoesNothing_untilItIsResumed() throws Exception {
    vm.pause();
    guest.tell("echo awake");
    CompletableFuture<String> answer =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return guest.line();
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    assertThat(vm.runState()).isEqualTo("paused");
    TimeUnit.MILLISECONDS.sleep(300);
    assertThat(answer).isNotDone();
    vm.resume();
    assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo("awake");
  }

  @Test
  void scsiDisk_pluggedAndUnplugged_isSeenInTheGuest() throws Exception {
    assertThat(guest.ask("ls /sys/block")).contains("sda").doesNotContain("sdb");
    vm.apply(new AddDevice(Disk.raw("more", image("more")).onScsi()), LIMIT);
    guest.await("ls /sys/block", all -> all.contains("sdb"));
    vm.apply(new RemoveDevice("more"), LIMIT);
    guest.await("ls /sys/block", all -> !all.contains("sdb"));
  }

  @Test
  void entropy_plugged_isSeenInTheGuest() throws Exception {
    vm.apply(new AddDevice(EntropySource.urandom()), LIMIT);
    guest.await("cat /sys/class/misc/hw_random/rng_available", all -> all.contains("virtio_rng"));
    assertThat(guest.ask("head -c 8 /dev/hwrng | wc -c")).isEqualTo("8");
    vm.apply(new RemoveDevice(EntropySource.urandom().id()), LIMIT);
    guest.await("cat /sys/class/misc/hw_random/rng_available", all -> !all.contains("virtio_rng"));
  }

  @Test
  void powerDown_theGuestFeelsTheButton_andEnds() throws Exception {
    try (ProbeGuest other = new ProbeGuest(config().build());
        VmEvents events = other.vm().events()) {
      other.tell("for e in /dev/input/event*; do (head -c 1 $e >/dev/null && poweroff -f) & done");
      String buttons = other.ask("ls /dev/input/event* | wc -l");
      other.await("ls -l /proc/[0-9]*/fd | grep -c /dev/input/event", buttons::equals);
      other.vm().powerDown();
      await(events, VmEvent.PowerButton.class);
      VmEvent.Shutdown shutdown = await(events, VmEvent.Shutdown.class);
      assertThat(shutdown.byGuest()).isTrue();
      assertThat(shutdown.reason()).isEqualTo("guest-shutdown");
      assertThat(other.vm().onExit().get(60, TimeUnit.SECONDS).reason())
          .isEqualTo("QEMU said: guest-shutdown");
    }
  }

  @Test
  void panic_isTold_andIsTheReasonOfTheEnd() throws Exception {
    try (ProbeGuest other = new ProbeGuest(config().build());
        VmEvents events = other.vm().events()) {
      other.tell("echo c >/proc/sysrq-trigger");
      await(events, VmEvent.GuestPanicked.class);
      assertThat(other.vm().onExit().get(60, TimeUnit.SECONDS).reason())
          .isEqualTo("the guest panicked");
      assertThat(other.vm().evidence().consoleTail()).contains("Kernel panic");
    }
  }
}
