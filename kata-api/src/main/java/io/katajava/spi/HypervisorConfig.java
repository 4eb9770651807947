package io.katajava.spi;

/**
 * A hypervisor's typed configuration, for {@link
 * io.katajava.Kata.Builder#hypervisor(HypervisorConfig)}.
 */
public interface HypervisorConfig {

  /**
   * A hypervisor that starts machines by this configuration.
   *
   * @return the hypervisor
   */
  Hypervisor toHypervisor();
}
