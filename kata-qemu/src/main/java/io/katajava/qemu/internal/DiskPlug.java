package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.device.Disk;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpTimeoutException;
import io.katajava.qmp.command.QueryPci;
import io.katajava.qmp.command.RemoveFd;
import io.katajava.spi.Rootfs;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Plugging the disk of a container into a running machine. A writable one is opened here and handed
 * over, so that it may be closed to everybody but the JVM's user.
 *
 * @param sandboxId for messages
 * @param vm the machine
 */
record DiskPlug(String sandboxId, QemuMachine vm) {

  /** Returns where the guest finds it. */
  String plug(Rootfs.Disk disk, Duration timeout) {
    try {
      // One plugged by another JVM before this one attached to the machine.
      Optional<String> there = address(disk);
      if (there.isPresent()) {
        return there.get();
      }
      if (disk.isWritable()) {
        handOver(disk, timeout);
      } else {
        vm.change(
            new LiveChange.AddDevice(Disk.raw(disk.id(), disk.image()).asReadOnly()), timeout);
      }
      return address(disk)
          .orElseThrow(() -> new IllegalStateException("QEMU put it on no PCI bus"));
    } catch (QmpInterruptedException | QmpClosedException | QmpTimeoutException e) {
      throw MonitorFailure.of(sandboxId, "plug disk " + disk.image(), e);
    } catch (IOException | QmpException | IllegalStateException | IllegalArgumentException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot plug disk " + disk.image() + " into sandbox " + sandboxId + ": " + e.getMessage(),
          Details.none().withSandbox(sandboxId).withRemedy(remedy(disk, e)).withCause(e));
    }
  }

  private Optional<String> address(Rootfs.Disk disk) {
    return PciAddress.of(disk.id(), vm.monitor().execute(new QueryPci()));
  }

  /** QEMU opens it once more through the set, and keeps that; the set goes with its only member. */
  private void handOver(Rootfs.Disk disk, Duration timeout) throws IOException {
    try (FileDescriptor file = FileDescriptor.toChange(disk.image())) {
      long set = vm.monitor().addFd(file.number(), null).fdsetId();
      try {
        Path opened = Path.of("/dev/fdset", Long.toString(set));
        vm.change(new LiveChange.AddDevice(Disk.raw(disk.id(), opened)), timeout);
      } finally {
        vm.monitor().execute(RemoveFd.builder(set).build());
      }
    }
  }

  private static String remedy(Rootfs.Disk disk, Exception failure) {
    String said = String.valueOf(failure.getMessage());
    if (said.contains("lock")) {
      return "Another machine uses the disk: close its sandbox first, or use it read-only in both";
    }
    if (failure instanceof IllegalStateException) {
      return "Give the machine more ports with QemuConfig.pciePorts(...), or the image fewer disks";
    }
    return disk.isWritable()
        ? "Check that " + disk.image() + " exists and can be written"
        : "Check that the user QEMU runs as can read " + disk.image();
  }
}
