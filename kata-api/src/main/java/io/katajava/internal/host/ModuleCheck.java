package io.katajava.internal.host;

import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.warned;

import io.katajava.HostFinding;
import io.katajava.spi.HostView;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Kernel modules Kata's own runtime wants, loaded, built in or at least there. None is loaded here:
 * a check changes nothing.
 */
final class ModuleCheck {
  static final String GROUP = "module";

  private final HostView host;
  private final String directory;

  private ModuleCheck(HostView host) {
    this.host = host;
    this.directory = "/lib/modules/" + host.kernelRelease();
  }

  /** Modules that runtime cannot do without, by architecture and, on x86, by vendor. */
  static List<String> required(HostView host) {
    return switch (host.architecture()) {
      case "x86_64" -> List.of("kvm", x86Module(host), "vhost", "vhost_net");
      case "aarch64", "riscv64" -> List.of("kvm", "vhost", "vhost_net");
      case "ppc64" -> List.of("kvm", "kvm_hv");
      case "s390x" -> List.of("kvm");
      default -> List.of();
    };
  }

  private static String x86Module(HostView host) {
    CpuInfo cpu = CpuInfo.parse("x86_64", host.text("/proc/cpuinfo").orElse(""));
    return CpuCheck.virtualizationFlag(cpu).equals("svm") ? "kvm_amd" : "kvm_intel";
  }

  static List<HostFinding> run(HostView host) {
    ModuleCheck check = new ModuleCheck(host);
    List<HostFinding> findings = new ArrayList<>();
    for (String module : required(host)) {
      findings.add(check.module(module, consequence(module)));
    }
    findings.add(check.module("vhost_vsock", consequence("vhost_vsock")));
    if (host.architecture().equals("x86_64")) {
      check.parameters(findings);
    }
    return findings;
  }

  private static String consequence(String module) {
    return switch (module) {
      case "vhost", "vhost_net" -> "networks of guests stay in QEMU's own process";
      case "vhost_vsock" ->
          "Kata's own guests need vhost-user-vsock instead; those of kata-java need neither";
      default -> "guests are translated instead (TCG), which is slower";
    };
  }

  private HostFinding module(String name, String without) {
    if (Files.isDirectory(host.path("/sys/module/" + name))) {
      return passed(GROUP, name, "it is loaded");
    }
    if (isListed("modules.builtin", name)) {
      return passed(GROUP, name, "it is built into the kernel");
    }
    if (isListed("modules.dep", name)) {
      return warned(
          GROUP, name, "it is not loaded; without it, " + without, "Run as root: modprobe " + name);
    }
    return warned(
        GROUP,
        name,
        "kernel " + host.kernelRelease() + " does not have it; without it, " + without,
        "Install a kernel that has it");
  }

  /** Lines read "kernel/arch/x86/kvm/kvm.ko.xz: ..."; file names may have hyphens. */
  private boolean isListed(String file, String module) {
    Optional<String> text = host.text(directory + "/" + file);
    return text.isPresent()
        && text.get()
            .lines()
            .map(line -> line.replaceFirst(":.*", ""))
            .map(line -> line.substring(line.lastIndexOf('/') + 1))
            .map(name -> name.replaceFirst("\\.ko.*", "").replace('-', '_'))
            .anyMatch(module::equals);
  }

  private void parameters(List<HostFinding> findings) {
    boolean guest =
        CpuInfo.parse("x86_64", host.text("/proc/cpuinfo").orElse(""))
            .flags()
            .contains("hypervisor");
    parameter(
        findings,
        "kvm",
        "kvmclock_periodic_sync",
        "guests' clocks may drift apart",
        "Remove kvm.kvmclock_periodic_sync=N from the kernel's command line");
    if (!guest) {
      parameter(
          findings,
          "kvm_intel",
          "unrestricted_guest",
          "firmware of guests runs slowly or not at all",
          "Reload the module: modprobe -r kvm_intel && modprobe kvm_intel unrestricted_guest=1");
    }
  }

  private void parameter(
      List<HostFinding> findings, String module, String name, String without, String remedy) {
    Optional<String> value = host.text("/sys/module/" + module + "/parameters/" + name);
    if (value.isEmpty()) {
      // Not loaded, or a kernel without that switch: the module's own finding says what there is.
      return;
    }
    String found = value.get().strip();
    boolean on = found.equals("Y") || found.equals("1");
    findings.add(
        on
            ? passed(GROUP, module + "." + name, "it is " + found)
            : warned(GROUP, module + "." + name, "it is " + found + ", not Y: " + without, remedy));
  }
}
