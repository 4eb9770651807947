package io.katajava.qemu;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.qemu.internal.QemuChecks;
import io.katajava.qemu.internal.QemuFacts;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.util.List;

/**
 * The part of the host check and of the environment report about QEMU: binary, version, machine
 * type, seccomp, accelerator, virtiofsd, the death tie, and the user QEMU would run as.
 */
public final class QemuHostProbe implements HostProbe {
  private final QemuConfig config;

  /** Looks at what a default {@link QemuConfig} would use; for {@link java.util.ServiceLoader}. */
  public QemuHostProbe() {
    this(QemuConfig.builder().build());
  }

  /**
   * Looks at what this configuration would use.
   *
   * @param config the configuration
   */
  public QemuHostProbe(QemuConfig config) {
    this.config = config;
  }

  @Override
  public String name() {
    return "qemu";
  }

  @Override
  public List<HostFinding> check(HostView host) throws InterruptedException {
    return new QemuChecks(config, host).run();
  }

  @Override
  public List<HostFact> facts(HostView host) throws InterruptedException {
    return new QemuFacts(config, host).list();
  }
}
