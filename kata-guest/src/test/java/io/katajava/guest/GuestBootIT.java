package io.katajava.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Boots what the builder made in QEMU without KVM. */
class GuestBootIT {
  private static final Duration BOOT_TIMEOUT = Duration.ofSeconds(90);

  /** Loads every module in the listed order, looks around and powers off. */
  private static final String PROBE =
      """
      b=/usr/lib/kata/rootfs/busybox/bin/busybox
      $b mount -t proc proc /proc
      while read -r kind first second; do
        [ $kind = builtin ] && continue
        path=${second:-$first}
        name=${path##*/}
        name=$(echo ${name%%.ko} | $b tr - _)
        $b grep -q "^$name " /proc/modules || $b insmod $path || echo "PROBE-FAILED $path"
      done </lib/modules/load
      echo "PROBE-FS $($b grep -c -e overlay -e squashfs -e virtiofs /proc/filesystems)"
      echo "PROBE-APPLET $($b chroot /usr/lib/kata/rootfs/busybox /usr/bin/env printf %s-%s a b)"
      echo PROBE-END
      $b poweroff -f
      """;

  @TempDir Path directory;

  private String bootUntil(GuestAssets guest, String parameters, Optional<String> marker)
      throws Exception {
    Process qemu =
        new ProcessBuilder(
                List.of(
                    "qemu-system-x86_64",
                    "-nodefaults",
                    "-no-user-config",
                    "-display",
                    "none",
                    "-machine",
                    "q35,accel=tcg",
                    "-cpu",
                    "max",
                    "-m",
                    "256",
                    "-no-reboot",
                    "-device",
                    "virtio-serial-pci",
                    "-chardev",
                    "null,id=agent",
                    "-device",
                    "virtserialport,chardev=agent,name=" + guest.agentPort(),
                    "-serial",
                    "stdio",
                    "-kernel",
                    guest.kernel().toString(),
                    "-initrd",
                    guest.initrd().orElseThrow().toString(),
                    "-append",
                    "console=ttyS0 panic=-1 "
                        + String.join(" ", guest.kernelParameters())
                        + " "
                        + parameters))
            .redirectErrorStream(true)
            .start();
    try {
      return readUntil(qemu, marker);
    } catch (TimeoutException e) {
      throw new AssertionError("The guest did not get there, its console: " + e.getMessage(), e);
    } finally {
      qemu.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  /** Reads the console until the marker, or until QEMU ends. */
  private static String readUntil(Process qemu, Optional<String> marker)
      throws IOException, InterruptedException, TimeoutException {
    // Ends the read below when the guest hangs.
    var watchdog =
        qemu.onExit()
            .copy()
            .orTimeout(BOOT_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
            .whenComplete((process, failure) -> qemu.destroyForcibly());
    StringBuilder seen = new StringBuilder();
    byte[] buffer = new byte[4096];
    try (var in = qemu.getInputStream()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        seen.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
        if (marker.isPresent() && seen.indexOf(marker.get()) >= 0) {
          break;
        }
      }
    }
    if (watchdog.isCompletedExceptionally()) {
      throw new TimeoutException(seen.toString());
    }
    return seen.toString();
  }

  @Test
  void debianKernel_everyModule_loadsInTheListedOrder() throws Exception {
    Path probe = Files.writeString(directory.resolve("probe"), PROBE);
    Path inittab =
        Files.writeString(
            directory.resolve("inittab"),
            "::sysinit:/usr/lib/kata/rootfs/busybox/bin/busybox sh /probe\n");
    Path busybox = staticBusybox();

    GuestAssets guest =
        GuestBuilder.create()
            .architecture("x86_64")
            .kernel(KernelSource.debian())
            .agent(busybox)
            .busybox(busybox)
            .module("nf_tables")
            .file("/probe", probe, 0644)
            .file("/etc/inittab", inittab, 0644)
            .build(TestMachine.CACHE);
    String console = bootUntil(guest, "quiet", Optional.empty());

    assertThat(console).contains("PROBE-END").doesNotContain("PROBE-FAILED");
    assertThat(console).contains("PROBE-FS 3").contains("PROBE-APPLET a-b");
  }

  @Test
  void gzipInitrd_sameKernel_bootsToo() throws Exception {
    Path busybox = staticBusybox();
    Path inittab =
        Files.writeString(
            directory.resolve("inittab"),
            "::sysinit:/usr/lib/kata/rootfs/busybox/bin/busybox echo GZIP-BOOTED\n");

    GuestAssets guest =
        GuestBuilder.create()
            .architecture("x86_64")
            .kernel(KernelSource.debian())
            .agent(busybox)
            .compression(InitrdCompression.GZIP)
            .unpackKernel(false)
            .file("/etc/inittab", inittab, 0644)
            .build(TestMachine.CACHE);

    assertThat(bootUntil(guest, "quiet", Optional.of("GZIP-BOOTED"))).contains("GZIP-BOOTED");
    assertThat(guest.kernel().getFileName().toString()).startsWith("vmlinuz-");
  }

  @Test
  void defaultGuest_agentFromTheJar_isReady() throws Exception {
    GuestAssets guest = GuestBuilder.create().architecture("x86_64").build(TestMachine.CACHE);

    assertThat(bootUntil(guest, "agent.log=info", Optional.of("kata-agent: ready")))
        .contains("kata-agent: ready");
  }

  private static Path staticBusybox() throws IOException {
    return Stream.of("/bin/busybox", "/usr/bin/busybox")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IOException("This test needs busybox-static on the host"));
  }
}
