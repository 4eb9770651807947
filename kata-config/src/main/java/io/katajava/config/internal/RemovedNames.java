package io.katajava.config.internal;

import java.util.Map;
import java.util.Optional;

/**
 * Names that Kata's configuration had once, as the templates of its releases and their history
 * tell: an old file is full of them, and "unknown" helps nobody.
 */
final class RemovedNames {
  private static final Map<String, String> GONE =
      Map.ofEntries(
          Map.entry("hypervisor.acrn", "3.10, where support of ACRN ended"),
          Map.entry("proxy", "2.0, which has no proxy"),
          Map.entry("shim", "2.0, where the runtime is the shim"),
          Map.entry("netmon", "2.4, without a replacement"),
          Map.entry("image", "3.4; runtime.experimental_force_guest_pull is in its place"),
          Map.entry("hypervisor.use_vsock", "2.0, where vsock is always used"),
          Map.entry(
              "hypervisor.enable_swap",
              "2.4: the guest's memory is not locked; enable_guest_swap is something else"),
          Map.entry(
              "hypervisor.file_mem_backend",
              "3.32: memory is shared by file where virtio-fs or a template needs it"),
          Map.entry("hypervisor.valid_file_mem_backends", "3.32, with file_mem_backend"),
          Map.entry(
              "hypervisor.hotplug_vfio_on_root_bus",
              "4.0; hot_plug_vfio and cold_plug_vfio are in its place"),
          Map.entry(
              "hypervisor.enable_balloon_f_reporting",
              "3.14; reclaim_guest_freed_memory is in its place"),
          Map.entry(
              "hypervisor.snp_certs_path", "3.14: SEV-SNP's attestation takes no certificates"),
          Map.entry("agent.trace_mode", "2.3; enable_tracing is in its place"),
          Map.entry("agent.trace_type", "2.3; enable_tracing is in its place"),
          Map.entry(
              "runtime.static_resource_mgmt", "3.2; static_sandbox_resource_mgmt is in its place"));

  private RemovedNames() {}

  /**
   * What became of a name.
   *
   * @param name of a table, or the kind of its table and a key
   * @return a clause for the end of a message, or an empty one
   */
  static String clause(String name) {
    return Optional.ofNullable(GONE.get(name)).map(what -> "; gone since Kata " + what).orElse("");
  }
}
