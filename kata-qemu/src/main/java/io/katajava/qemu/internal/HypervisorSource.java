package io.katajava.qemu.internal;

import io.katajava.spi.Hypervisor;
import io.katajava.spi.HypervisorConfig;
import java.util.ServiceLoader;

/**
 * Makes the hypervisor of a configuration. A configuration is a value that the whole driver knows;
 * it finds the driver as a service, so that it need not know it.
 */
public interface HypervisorSource {

  /**
   * Makes the hypervisor; nothing is looked at yet.
   *
   * @param config how it runs sandboxes
   * @return the hypervisor
   */
  Hypervisor of(HypervisorConfig config);

  /**
   * Finds the one of this module.
   *
   * @return the source
   * @throws IllegalStateException if the module's list of services was lost, as when jars are
   *     merged
   */
  static HypervisorSource find() {
    return ServiceLoader.load(HypervisorSource.class, HypervisorSource.class.getClassLoader())
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "the class path lacks META-INF/services/"
                        + HypervisorSource.class.getName()
                        + " of kata-qemu"));
  }
}
