package io.katajava.config.internal;

import java.util.List;

/** The hypervisors whose sections Kata knows. */
public final class HypervisorNames {
  /** All of them; the first is the one this library drives. */
  public static final List<String> ALL =
      List.of("qemu", "clh", "firecracker", "stratovirt", "dragonball", "openvmm", "remote");

  private HypervisorNames() {}
}
