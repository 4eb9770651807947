package io.katajava.spi;

/** Found with {@link java.util.ServiceLoader}: makes a hypervisor with its default settings. */
public interface HypervisorFactory {

  /**
   * Makes the hypervisor. Cheap: it looks at nothing on the host yet.
   *
   * @return a hypervisor with default settings
   */
  Hypervisor create();
}
