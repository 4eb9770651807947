package io.katajava.qemu;

import io.katajava.spi.Hypervisor;
import io.katajava.spi.HypervisorFactory;

/**
 * The factory that offers QEMU to {@link io.katajava.Kata} through {@link java.util.ServiceLoader}.
 */
public final class QemuHypervisorFactory implements HypervisorFactory {
  /** Made by the service loader. */
  public QemuHypervisorFactory() {}

  @Override
  public Hypervisor create() {
    return QemuConfig.builder().build().toHypervisor();
  }
}
