package io.katajava.config;

import java.util.Collection;

/** {@code [factory]}: Kata's templates and cache of machines, which this library does not use. */
public final class FactorySection extends Section {
  FactorySection(Collection<Setting> settings) {
    super("factory", settings);
  }

  /**
   * {@code enable_template}.
   *
   * @return false unless it is set
   */
  public boolean enableTemplate() {
    return bool("enable_template").orElse(false);
  }

  /**
   * {@code vm_cache_number}.
   *
   * @return machines kept ready, by default 0
   */
  public long cacheNumber() {
    return integer("vm_cache_number").orElse(0L);
  }
}
