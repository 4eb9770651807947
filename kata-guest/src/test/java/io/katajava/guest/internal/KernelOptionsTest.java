package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelOptionsTest {
  @Test
  void lostIn_optionOffChangedOrUnknown_isNamed() {
    KernelOptions wanted =
        KernelOptions.parse(
            """
            # CONFIG_COMMENT=y
            CONFIG_NET=y
            CONFIG_BLOCK=y
            CONFIG_NR_CPUS=240
            CONFIG_LOCALVERSION="-kata"
            """);
    KernelOptions resolved =
        KernelOptions.parse(
            """
            # CONFIG_BLOCK is not set
            CONFIG_NET=y
            CONFIG_NR_CPUS=64
            CONFIG_LOCALVERSION="-kata"
            CONFIG_MORE=y
            """);

    assertThat(wanted.lostIn(resolved)).containsExactly("CONFIG_BLOCK=y", "CONFIG_NR_CPUS=240");
    assertThat(wanted.lostIn(wanted)).isEmpty();
  }

  @Test
  void fragment_ours_hasWhatTheGuestCannotDoWithout() throws Exception {
    KernelOptions ours = KernelOptions.parse(KernelOptions.fragment("x86_64"));

    assertThat(
            new String[] {
              "CONFIG_PVH",
              "CONFIG_VIRTIO_PCI",
              "CONFIG_VIRTIO_CONSOLE",
              "CONFIG_OVERLAY_FS",
              "CONFIG_CGROUP_BPF",
              "CONFIG_SECCOMP_FILTER",
              // Without it nothing is left to calibrate timers by, and the boot hangs.
              "CONFIG_X86_PM_TIMER"
            })
        .allMatch(ours::isBuiltIn);
  }

  @Test
  void fragment_otherArchitecture_isRefused() {
    assertThatThrownBy(() -> KernelOptions.fragment("aarch64"))
        .hasMessage("there are no kernel options for aarch64");
  }
}
