package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.oci.OciResources;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(longs = {0, 1 << 20})
  void requireWhole_swapWithoutMemory_namesBoth(long swap) {
    ContainerLimits limits = ContainerLimits.builder().swap(MemorySize.bytes(swap)).build();

    assertThatThrownBy(limits::requireWhole)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("memory is not limited");
    assertThatThrownBy(
            () ->
                new ContainerBuilder("c", spec -> null)
                    .limits(l -> l.swap(MemorySize.bytes(swap)))
                    .spec())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> limits.toOciAfter(ContainerLimits.NONE))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void toOciAfter_swapOrMemoryAlone_keepsTheOther() {
    ContainerLimits before =
        ContainerLimits.builder().memory(MemorySize.bytes(640)).swap(MemorySize.bytes(32)).build();

    assertThat(swap(16).toOciAfter(before).memory()).contains(new OciResources.Memory(640, 0, 656));
    assertThat(swap(0).toOciAfter(before).memory()).contains(new OciResources.Memory(640, 0, 640));
    assertThat(memory(1280).toOciAfter(before).memory())
        .contains(new OciResources.Memory(1280, 0, 1312));
    assertThat(before.changedBy(swap(0)).changedBy(memory(1280)))
        .isEqualTo(
            ContainerLimits.builder()
                .memory(MemorySize.bytes(1280))
                .swap(MemorySize.bytes(0))
                .build());
  }

  @Test
  void toOciAfter_memoryOfAContainerThatWasNotLimited_leavesItsSwapUnlimited() {
    assertThat(memory(640).toOciAfter(ContainerLimits.NONE).memory())
        .contains(new OciResources.Memory(640, 0, -1));
    assertThat(memory(1280).toOciAfter(memory(640)).memory())
        .contains(new OciResources.Memory(1280, 0, 1280));
  }

  @Test
  void toOciAfter_othersThanMemory_leaveItOut() {
    ContainerLimits change =
        ContainerLimits.builder().cpuShares(512).memoryReservation(MemorySize.bytes(9)).build();

    OciResources sent = change.toOciAfter(memory(640));

    assertThat(sent.memory()).contains(new OciResources.Memory(0, 9, 0));
    assertThat(sent.cpu()).contains(new OciResources.Cpu(512, 0, 0, "", ""));
    assertThat(sent.pids()).isEmpty();
    assertThat(
            ContainerLimits.builder()
                .memoryReservation(MemorySize.bytes(0))
                .build()
                .toOciAfter(change)
                .memory())
        .contains(new OciResources.Memory(0, -1, 0));
    assertThat(ContainerLimits.NONE.toOciAfter(memory(640))).isEqualTo(OciResources.NONE);
  }

  @Test
  void throttle_ofOneDisk_isAddedUpAndTakenAway() {
    ContainerLimits before =
        ContainerLimits.builder()
            .throttle(new ContainerLimits.DiskThrottle(8, 0, 100, 0, 0, 0))
            .throttle(new ContainerLimits.DiskThrottle(8, 0, 0, 200, 0, 0))
            .build();
    assertThat(before.throttles())
        .containsExactly(new ContainerLimits.DiskThrottle(8, 0, 100, 200, 0, 0));

    OciResources.BlockIo sent =
        ContainerLimits.builder()
            .throttle(new ContainerLimits.DiskThrottle(8, 0, 0, 300, 0, 0))
            .build()
            .toOciAfter(before)
            .blockIo()
            .orElseThrow();

    assertThat(sent.readBps()).containsExactly(new OciResources.Throttle(8, 0, 0));
    assertThat(sent.writeBps()).containsExactly(new OciResources.Throttle(8, 0, 300));
    assertThat(sent.readIops()).isEmpty();
  }

  @Test
  void limit_belowMinusOne_isNone() {
    assertThatThrownBy(() -> ContainerLimits.Limit.of(-2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-2");
    assertThatThrownBy(() -> new ContainerLimits.DiskThrottle(8, 0, -1, 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("8:0");
  }

  private static ContainerLimits swap(long bytes) {
    return ContainerLimits.builder().swap(MemorySize.bytes(bytes)).build();
  }

  private static ContainerLimits memory(long bytes) {
    return ContainerLimits.builder().memory(MemorySize.bytes(bytes)).build();
  }
}
