package io.katajava.cli;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.config.KataConfiguration;
import io.katajava.config.LaunchPlan;
import io.katajava.config.Setting;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What a configuration says in the host check and in the environment report. */
final class ConfigurationProbe implements HostProbe {
  private static final String HYPERVISOR = "Hypervisor";
  private static final String SECURITY = "Hypervisor.SecurityInfo";
  private static final String RUNTIME = "Runtime";
  private static final String AGENT = "Agent";

  private final KataConfiguration configuration;
  private final LaunchPlan plan;
  private final List<HostFact> facts = new ArrayList<>();

  ConfigurationProbe(KataConfiguration configuration, LaunchPlan plan) {
    this.configuration = configuration;
    this.plan = plan;
  }

  @Override
  public String name() {
    return "configuration";
  }

  @Override
  public List<HostFinding> check(HostView host) {
    String files =
        configuration.files().stream().map(Path::toString).collect(Collectors.joining(", "));
    if (plan.obstacles().isEmpty()) {
      return List.of(HostFinding.passed(name(), "file", files));
    }
    return plan.obstacles().stream()
        .map(
            obstacle ->
                HostFinding.failed(
                    name(), "plan", obstacle, "Change " + files + ", or name another file"))
        .toList();
  }

  /** Only what is set: the rest is as without a configuration. */
  @Override
  public List<HostFact> facts(HostView host) {
    facts.clear();
    if (!plan.obstacles().isEmpty()) {
      // Nothing would be started, so what was found is not what would be used.
      for (String name : List.of("MachineType", "Version", "Path", "Accelerator")) {
        facts.add(new HostFact(HYPERVISOR, name, HostFact.UNKNOWN));
      }
    }
    hypervisor(configuration.hypervisor().table());
    runtime("runtime");
    String agent = configuration.agent().table();
    add(AGENT, "Debug", agent, "enable_debug");
    add(AGENT, "Trace", agent, "enable_tracing");
    facts.add(new HostFact("Runtime.Config", "Path", configuration.files().get(0).toString()));
    return List.copyOf(facts);
  }

  private void hypervisor(String table) {
    add(HYPERVISOR, "MachineType", table, "machine_type");
    add(HYPERVISOR, "Path", table, "path");
    add(HYPERVISOR, "BlockDeviceDriver", table, "block_device_driver");
    add(HYPERVISOR, "EntropySource", table, "entropy_source");
    add(HYPERVISOR, "SharedFS", table, "shared_fs");
    add(HYPERVISOR, "VirtioFSDaemon", table, "virtio_fs_daemon");
    add(HYPERVISOR, "Msize9p", table, "msize_9p");
    add(HYPERVISOR, "MemorySlots", table, "memory_slots");
    add(HYPERVISOR, "HotPlugVFIO", table, "hot_plug_vfio");
    add(HYPERVISOR, "ColdPlugVFIO", table, "cold_plug_vfio");
    add(HYPERVISOR, "PCIeRootPort", table, "pcie_root_port");
    add(HYPERVISOR, "PCIeSwitchPort", table, "pcie_switch_port");
    add(HYPERVISOR, "Debug", table, "enable_debug");
    add(SECURITY, "Rootless", table, "rootless");
    add(SECURITY, "DisableSeccomp", table, "disable_seccomp");
    add(SECURITY, "GuestHookPath", table, "guest_hook_path");
    add(SECURITY, "EnableAnnotations", table, "enable_annotations");
    add(SECURITY, "ConfidentialGuest", table, "confidential_guest");
  }

  private void runtime(String table) {
    add(RUNTIME, "GuestSeLinuxLabel", table, "guest_selinux_label");
    add(RUNTIME, "Experimental", table, "experimental");
    add(RUNTIME, "Debug", table, "enable_debug");
    add(RUNTIME, "Trace", table, "enable_tracing");
    add(RUNTIME, "DisableGuestSeccomp", table, "disable_guest_seccomp");
    add(RUNTIME, "DisableNewNetNs", table, "disable_new_netns");
    add(RUNTIME, "SandboxCgroupOnly", table, "sandbox_cgroup_only");
  }

  private void add(String section, String name, String table, String key) {
    configuration
        .setting(table, key)
        .map(Setting::value)
        // The empty text means the same as none.
        .filter(value -> !value.equals(""))
        .ifPresent(value -> facts.add(new HostFact(section, name, value)));
  }
}
