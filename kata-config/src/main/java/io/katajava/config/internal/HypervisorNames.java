package io.katajava.config.internal;

import java.util.List;

/** The hypervisors whose sections Kata knows. */
public final class HypervisorNames {
  /** All of them; the first is the one this library drives. */
  public static final List<String> ALL =
      List.of("qemu", "clh", "firecracker", "stratovirt", "dragonball", "openvmm", "remote");

  /** What runtime-rs called Cloud Hypervisor up to Kata 3.29. */
  private static final String CLOUD_HYPERVISOR = "cloud-hypervisor";

  private HypervisorNames() {}

  /**
   * The name of today.
   *
   * @param name as written
   * @return the same, but {@code clh} for {@code cloud-hypervisor}
   */
  static String canonical(String name) {
    return name.equals(CLOUD_HYPERVISOR) ? "clh" : name;
  }

  /** The same of the key that names one. */
  static Object canonical(String table, String key, Object value) {
    return table.equals("runtime") && key.equals("hypervisor_name") && value instanceof String name
        ? canonical(name)
        : value;
  }
}
