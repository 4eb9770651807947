package io.katajava.spi;

/**
 * A factory, found with {@link java.util.ServiceLoader}, that makes a hypervisor with its default
 * settings.
 */
public interface HypervisorFactory {

  /**
   * Makes the hypervisor. Cheap: it looks at nothing on the host yet.
   *
   * @return a hypervisor with default settings
   */
  Hypervisor create();
}
