package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.oci.OciResources;
import org.junit.jupiter.api.Test;

class ContainerLimitsTest {
  @Test
  void toOci_nothingSaid_isNothing() {
    assertThat(ContainerLimits.NONE.toOci()).isEqualTo(OciResources.NONE);
  }

  @Test
  void toOci_memoryAlone_allowsNoSwap() {
    assertThat(ContainerLimits.builder().memory(MemorySize.bytes(1000)).build().toOci().memory())
        .contains(new OciResources.Memory(1000, 0, 1000));
    assertThat(
            ContainerLimits.builder()
                .memory(MemorySize.bytes(1000))
                .swap(MemorySize.bytes(24))
                .build()
                .toOci()
                .memory())
        .contains(new OciResources.Memory(1000, 0, 1024));
  }

  @Test
  void toOci_unlimited_isNegative() {
    OciResources oci =
        ContainerLimits.builder().unlimitedMemory().unlimitedCpus().unlimitedPids().build().toOci();

    assertThat(oci.memory()).contains(new OciResources.Memory(-1, 0, -1));
    assertThat(oci.cpu()).contains(new OciResources.Cpu(0, -1, 100_000, "", ""));
    assertThat(oci.pids()).hasValue(-1);
  }

  @Test
  void changedBy_keepsWhatTheChangeDoesNotName() {
    ContainerLimits before =
        ContainerLimits.builder().memory(MemorySize.bytes(1000)).cpus(0.5).pids(7).build();
    ContainerLimits after = before.changedBy(ContainerLimits.builder().unlimitedPids().build());

    assertThat(after).isEqualTo(before.toBuilder().unlimitedPids().build()).isNotEqualTo(before);
  }

  @Test
  void build_swapWithoutMemory_namesBoth() {
    assertThatThrownBy(() -> ContainerLimits.builder().swap(MemorySize.mebibytes(1)).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("memory is not limited");
  }
}
