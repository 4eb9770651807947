package io.katajava.qemu.internal;

import io.katajava.qemu.QemuConfig;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.HypervisorConfig;

/** Makes {@link QemuHypervisor}s. */
public final class QemuHypervisorSource implements HypervisorSource {
  /** Made by {@link java.util.ServiceLoader}. */
  public QemuHypervisorSource() {}

  @Override
  public Hypervisor of(HypervisorConfig config) {
    return new QemuHypervisor((QemuConfig) config);
  }
}
