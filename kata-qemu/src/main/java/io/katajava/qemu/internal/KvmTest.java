package io.katajava.qemu.internal;

import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.warned;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import io.katajava.HostFinding;

/** Whether KVM makes a machine: its API version, and a machine made and closed at once. */
final class KvmTest {
  static final int EBUSY = 16;

  /** From {@code linux/kvm.h}; powerpc numbers its ioctls with a direction bit of its own. */
  private static final long GET_API_VERSION = 0xAE00;

  private static final long CREATE_VM = 0xAE01;
  private static final long CHECK_EXTENSION = 0xAE03;
  private static final long POWERPC_NO_DIRECTION = 0x20000000;
  private static final int CAP_ARM_VM_IPA_SIZE = 165;

  /** The only version there is since Linux 2.6.22. */
  private static final int API_VERSION = 12;

  private KvmTest() {}

  /** The system calls, so that tests can answer for the kernel. */
  interface Kernel {
    /** The C library's. */
    Kernel REAL = new CLibrary();

    /** Opens {@code /dev/kvm}; fails with an errno. */
    int open() throws LastErrorException;

    int ioctl(int fd, long request, long argument) throws LastErrorException;

    void close(int fd);
  }

  static HostFinding run(Kernel kernel, String architecture) {
    int kvm;
    try {
      kvm = kernel.open();
    } catch (LastErrorException e) {
      return unusable("/dev/kvm does not open: " + e.getMessage(), e.getErrorCode());
    }
    try {
      return withDevice(
          kernel, kvm, architecture.equals("ppc64") ? POWERPC_NO_DIRECTION : 0, architecture);
    } finally {
      kernel.close(kvm);
    }
  }

  private static HostFinding withDevice(
      Kernel kernel, int kvm, long direction, String architecture) {
    try {
      int version = kernel.ioctl(kvm, direction + GET_API_VERSION, 0);
      if (version != API_VERSION) {
        return unusable("KVM has API version " + version + ", not " + API_VERSION, 0);
      }
      kernel.close(kernel.ioctl(kvm, direction + CREATE_VM, 0));
      return passed(
          QemuChecks.GROUP, "kvm", "it can create machines" + addresses(kernel, kvm, architecture));
    } catch (LastErrorException e) {
      return unusable("KVM cannot create a machine: " + e.getMessage(), e.getErrorCode());
    }
  }

  private static String addresses(Kernel kernel, int kvm, String architecture) {
    if (!architecture.equals("aarch64")) {
      return "";
    }
    int bits = kernel.ioctl(kvm, CHECK_EXTENSION, CAP_ARM_VM_IPA_SIZE);
    return bits > 0 ? " with up to " + bits + " bits of guest physical address" : "";
  }

  private static HostFinding unusable(String reason, int errno) {
    return warned(
        QemuChecks.GROUP,
        "kvm",
        reason,
        errno == EBUSY
            ? "End the other hypervisor that is using the processor's virtualization"
            : "Use accelerator(TCG) until KVM works");
  }

  /** Loads the native library only when it is called. */
  private static final class CLibrary implements Kernel {
    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;

    @Override
    public int open() {
      return Calls.open("/dev/kvm", O_RDWR | O_CLOEXEC);
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
      return Calls.ioctl(fd, request, argument);
    }

    @Override
    public void close(int fd) {
      Calls.close(fd);
    }

    // SAFETY: plain numbers and a C string that lives during the call; errno surfaces as
    // LastErrorException. ioctl is variadic, but these requests take one integer, which all our
    // architectures pass in a register either way.
    private static final class Calls {
      static {
        Native.register(Calls.class, "c");
      }

      private Calls() {}

      static native int open(String path, int flags) throws LastErrorException;

      static native int ioctl(int fd, long request, long argument) throws LastErrorException;

      static native int close(int fd);
    }
  }
}
