package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.LastErrorException;
import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KvmTestTest {
  private static final int DEVICE = 7;
  private static final int MACHINE = 8;

  /** A kernel that answers as told and counts what is left open. */
  private static final class ToldKernel implements KvmTest.Kernel {
    final List<Long> requests = new ArrayList<>();
    final List<Integer> open = new ArrayList<>();
    int openError;
    int createError;
    int version = 12;

    @Override
    public int open() {
      if (openError != 0) {
        throw new LastErrorException(openError);
      }
      open.add(DEVICE);
      return DEVICE;
    }

    @Override
    public int ioctl(int fd, long request, long argument) {
      assertThat(fd).isEqualTo(DEVICE);
      requests.add(request);
      return switch ((int) (request & 0xffff)) {
        case 0xAE00 -> version;
        case 0xAE01 -> create();
        case 0xAE03 -> {
          assertThat(argument).isEqualTo(165);
          yield 48;
        }
        default -> throw new AssertionError("request " + request);
      };
    }

    private int create() {
      if (createError != 0) {
        throw new LastErrorException(createError);
      }
      open.add(MACHINE);
      return MACHINE;
    }

    @Override
    public void close(int fd) {
      assertThat(open.remove(Integer.valueOf(fd))).isTrue();
    }
  }

  private final ToldKernel kernel = new ToldKernel();

  private HostFinding run(String architecture) {
    HostFinding found = KvmTest.run(kernel, architecture);
    assertThat(kernel.open).isEmpty();
    return found;
  }

  @Test
  void kvm_makesAMachine_passes() {
    assertThat(run("x86_64").status()).isEqualTo(Status.PASSED);
    assertThat(kernel.requests).containsExactly(0xAE00L, 0xAE01L);
  }

  @Test
  void ppc64_usesItsOwnNumbers() {
    assertThat(run("ppc64").status()).isEqualTo(Status.PASSED);
    assertThat(kernel.requests).containsExactly(0x2000AE00L, 0x2000AE01L);
  }

  @Test
  void aarch64_tellsTheSizeOfAddresses() {
    assertThat(run("aarch64").reason()).contains("48 bits");
  }

  @Test
  void kvm_usedByAnotherHypervisor_saysSo() {
    kernel.createError = KvmTest.EBUSY;

    HostFinding found = run("x86_64");

    assertThat(found.status()).isEqualTo(Status.WARNED);
    assertThat(found.remedy()).hasValueSatisfying(t -> assertThat(t).contains("other hypervisor"));
  }

  @Test
  void device_thatDoesNotOpen_warns() {
    kernel.openError = 13;

    assertThat(run("x86_64").status()).isEqualTo(Status.WARNED);
  }

  @Test
  void kvm_ofAnotherVersion_warns() {
    kernel.version = 11;

    assertThat(run("x86_64").reason()).contains("11");
  }
}
