package io.katajava.config;

import java.util.List;

/** Tables that a configuration can have. */
final class FullConfiguration {
  static final List<String> TABLES =
      List.of(
          "hypervisor.qemu",
          "hypervisor.clh",
          "hypervisor.firecracker",
          "hypervisor.stratovirt",
          "hypervisor.dragonball",
          "hypervisor.openvmm",
          "hypervisor.remote",
          "hypervisor.qemu.factory",
          "hypervisor.qemu.rootless_user",
          "agent.kata",
          "agent.kata.mem_agent",
          "runtime",
          "factory");

  private FullConfiguration() {}
}
