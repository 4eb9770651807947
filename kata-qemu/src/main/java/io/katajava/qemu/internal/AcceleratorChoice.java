package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.qemu.Accelerator;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** KVM or TCG, and why. */
record AcceleratorChoice(boolean kvm, String why) {
  private static final Path KVM_DEVICE = Path.of("/dev/kvm");
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  static AcceleratorChoice of(Accelerator wanted) {
    return of(wanted, KVM_DEVICE, CPU_INFO, System.getProperty("os.arch", ""));
  }

  static AcceleratorChoice of(Accelerator wanted, Path device, Path cpuInfo, String architecture) {
    if (wanted != Accelerator.AUTO) {
      return new AcceleratorChoice(wanted == Accelerator.KVM, "it was asked for");
    }
    if (!Files.exists(device)) {
      return new AcceleratorChoice(false, "there is no " + device);
    }
    // Opening tells more than permission bits; but a device that opens is not yet one that works.
    try (RandomAccessFile opened = new RandomAccessFile(device.toFile(), "rw")) {
      opened.getFD();
    } catch (IOException e) {
      return new AcceleratorChoice(false, device + " does not open: " + e.getMessage());
    }
    if (!architecture.equals("amd64")) {
      return new AcceleratorChoice(true, device + " opens");
    }
    return ofX86(device, cpuInfo);
  }

  private static AcceleratorChoice ofX86(Path device, Path cpuInfo) {
    try {
      boolean shown =
          Files.readString(cpuInfo)
              .lines()
              .filter(line -> line.startsWith("flags"))
              .findFirst()
              .stream()
              .anyMatch(line -> line.matches(".*\\b(vmx|svm)\\b.*"));
      return shown
          ? new AcceleratorChoice(true, device + " opens and the CPU shows vmx or svm")
          : new AcceleratorChoice(
              false, device + " opens but the CPU shows neither vmx nor svm: guests would hang");
    } catch (IOException e) {
      return new AcceleratorChoice(false, cpuInfo + " cannot be read: " + e.getMessage());
    }
  }

  Choice describe() {
    return new Choice("accelerator", kvm ? "kvm" : "tcg", why);
  }
}
