package io.katajava.internal.host;

import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.warned;

import io.katajava.HostFinding;
import io.katajava.spi.HostView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The processor: what Kata's own runtime asks of it on each architecture. Nothing here is a
 * failure, because guests can also be translated (TCG).
 */
final class CpuCheck {
  static final String GROUP = "cpu";
  private static final String SLOWER = "; guests are translated instead (TCG), which is slower";
  private static final String USE_OTHER = "Use a host with a newer processor for full speed";
  private static final Pattern POWER = Pattern.compile("POWER(\\d+)");

  private final HostView host;
  private final CpuInfo cpu;

  private CpuCheck(HostView host, CpuInfo cpu) {
    this.host = host;
    this.cpu = cpu;
  }

  static List<HostFinding> run(HostView host) {
    Optional<String> text = host.text("/proc/cpuinfo");
    if (text.isEmpty() || text.get().isBlank()) {
      return List.of(
          warned(
              GROUP,
              "cpuinfo",
              "/proc/cpuinfo cannot be read, so nothing is known of the processor",
              "Mount /proc"));
    }
    CpuInfo cpu = CpuInfo.parse(host.architecture(), text.get());
    CpuCheck check = new CpuCheck(host, cpu);
    return switch (host.architecture()) {
      case "x86_64" -> check.x86();
      case "ppc64" -> check.power();
      case "s390x" -> check.s390();
      case "riscv64" -> check.riscv();
      case "aarch64" -> List.of(check.vendor());
      default ->
          List.of(
              warned(
                  GROUP,
                  "architecture",
                  "nothing is known of the architecture " + host.architecture(),
                  "Use x86_64, aarch64, ppc64le, s390x or riscv64"));
    };
  }

  /** The name of the x86 flag that says the processor can run guests. */
  static String virtualizationFlag(CpuInfo cpu) {
    return switch (cpu.vendor()) {
      case "AuthenticAMD", "HygonGenuine" -> "svm";
      default -> "vmx";
    };
  }

  private HostFinding vendor() {
    String what = cpu.vendor().isEmpty() ? "of an unnamed vendor" : "of " + cpu.vendor();
    return passed(
        GROUP,
        "vendor",
        cpu.count()
            + " x "
            + (cpu.model().isEmpty() ? "unnamed model" : cpu.model())
            + ", "
            + what);
  }

  private List<HostFinding> x86() {
    List<HostFinding> findings = new ArrayList<>();
    boolean known =
        List.of("GenuineIntel", "AuthenticAMD", "HygonGenuine", "CentaurHauls", "  Shanghai  ")
            .stream()
            .anyMatch(vendor -> vendor.strip().equals(cpu.vendor().strip()));
    findings.add(
        known
            ? vendor()
            : warned(
                GROUP,
                "vendor",
                "it is not known whether Kata works with processors of the vendor '"
                    + cpu.vendor()
                    + "'",
                "Look at the flags below, which decide whether it works"));
    if (cpu.flags().isEmpty()) {
      findings.add(
          warned(
              GROUP,
              "flags",
              "/proc/cpuinfo has no flags line, so nothing is known of the processor",
              "Mount the host's own /proc"));
      return findings;
    }
    boolean guest = cpu.flags().contains("hypervisor");
    String virtualization = virtualizationFlag(cpu);
    findings.add(
        flag(
            virtualization,
            "the processor does not show " + virtualization + SLOWER,
            guest
                ? "This host is itself a virtual machine: allow nested virtualization for it"
                : "Enable virtualization (VT-x, AMD-V, SVM) in the firmware's setup"));
    findings.add(flag("lm", "the processor does not show 64-bit mode (lm)" + SLOWER, USE_OTHER));
    findings.add(flag("sse4_1", "the processor does not show sse4_1" + SLOWER, USE_OTHER));
    findings.add(
        passed(
            GROUP,
            "bare-metal",
            guest ? "this host is itself a virtual machine" : "no hypervisor below"));
    return findings;
  }

  private HostFinding flag(String name, String missing, String remedy) {
    return cpu.flags().contains(name)
        ? passed(GROUP, name, "the processor shows it")
        : warned(GROUP, name, missing, remedy);
  }

  private List<HostFinding> power() {
    Matcher matcher = POWER.matcher(cpu.vendor());
    if (!matcher.find()) {
      return List.of(
          vendor(), passed(GROUP, "smt", "only POWER8 and older need SMT off: " + cpu.vendor()));
    }
    if (Integer.parseInt(matcher.group(1)) > 8) {
      return List.of(vendor(), passed(GROUP, "smt", cpu.vendor() + " may leave SMT on"));
    }
    return List.of(
        vendor(),
        smtIsOn()
            ? warned(
                GROUP,
                "smt",
                cpu.vendor() + " runs guests with KVM only when SMT is off" + SLOWER,
                "Run as root: ppc64_cpu --smt=off")
            : passed(GROUP, "smt", "SMT is off, as " + cpu.vendor() + " needs it"));
  }

  private boolean smtIsOn() {
    Optional<String> active = host.text("/sys/devices/system/cpu/smt/active");
    if (active.isPresent()) {
      return !active.get().strip().equals("0");
    }
    return host.text("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
        .map(siblings -> siblings.contains(",") || siblings.contains("-"))
        .orElse(false);
  }

  private List<HostFinding> s390() {
    return List.of(
        vendor(),
        flag(
            "sie",
            "the processor does not show sie (interpretive execution)" + SLOWER,
            "Run on an LPAR, or under z/VM or KVM with nested virtualization"));
  }

  private List<HostFinding> riscv() {
    return List.of(
        vendor(),
        flag(
            "h",
            "the processor does not show the hypervisor extension (h)" + SLOWER,
            "Use a processor with the H extension"));
  }
}
