package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Host;
import io.katajava.HostEnvironment;
import io.katajava.HostFinding.Status;
import io.katajava.HostReport;
import org.junit.jupiter.api.Test;

/** The real QEMU of this machine, found on the class path's way. */
class QemuHostProbeIT {
  @Test
  void check_asksTheRealQemu() {
    HostReport report = Host.check();

    assertThat(report.find("qemu", "binary").orElseThrow().status()).isEqualTo(Status.PASSED);
    assertThat(report.find("qemu", "version").orElseThrow().reason())
        .matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(report.find("qemu", "machine").orElseThrow().status()).isEqualTo(Status.PASSED);
    assertThat(report.find("qemu", "death-tie").orElseThrow().status()).isEqualTo(Status.PASSED);
    assertThat(report.broken()).isEmpty();
  }

  @Test
  void environment_hasItsVersion() {
    HostEnvironment environment = Host.environment();

    assertThat(environment.fact("Hypervisor", "Version").orElseThrow().toString())
        .matches("QEMU emulator version \\d+\\..*");
  }

  @Test
  void kvmTest_realSystemCalls_giveAFindingAndNoCrash() {
    // Whether KVM works is this machine's business; that the calls are made right is ours.
    assertThat(KvmTest.run(KvmTest.Kernel.REAL, System.getProperty("os.arch")).status())
        .isIn(Status.PASSED, Status.WARNED);
  }
}
