package io.katajava.config;

import java.util.Collection;
import java.util.Optional;

/** {@code [runtime]}: Kata's runtime itself. Little of it concerns an embedded library. */
public final class RuntimeSection extends Section {
  RuntimeSection(Collection<Setting> settings) {
    super("runtime", settings);
  }

  /**
   * {@code enable_debug}: the runtime logs more. It does not open the extra monitor.
   *
   * @return false unless it is set
   */
  public boolean enableDebug() {
    return bool("enable_debug").orElse(false);
  }

  /**
   * {@code hypervisor_name}, which only runtime-rs has.
   *
   * @return the hypervisor whose section counts; empty when not set
   */
  public Optional<String> hypervisorName() {
    return string("hypervisor_name");
  }

  /**
   * {@code static_sandbox_resource_mgmt}: a machine's size is settled at its start.
   *
   * @return false unless it is set
   */
  public boolean staticSandboxResourceManagement() {
    return bool("static_sandbox_resource_mgmt").orElse(false);
  }
}
