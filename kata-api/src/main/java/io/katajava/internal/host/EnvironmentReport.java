package io.katajava.internal.host;

import io.katajava.HostEnvironment;
import io.katajava.HostEnvironment.Cpu;
import io.katajava.HostEnvironment.Distribution;
import io.katajava.HostEnvironment.Memory;
import io.katajava.HostFact;
import io.katajava.spi.HostView;
import java.util.Optional;

/** Puts the description of the host together. */
public final class EnvironmentReport {
  private final HostRun run;

  /**
   * Prepares; nothing is looked at yet.
   *
   * @param run the look at the host
   */
  public EnvironmentReport(HostRun run) {
    this.run = run;
  }

  /**
   * Looks.
   *
   * @return the description
   */
  public HostEnvironment make() {
    HostView host = run.host();
    MemoryInfo memory = MemoryInfo.of(host);
    return new HostEnvironment(
        host.kernelRelease(),
        host.architecture(),
        distribution(host),
        cpu(host),
        new Memory(memory.total(), memory.free(), memory.available()),
        run.isVmCapable(),
        DeviceCheck.opens(host, "vhost-vsock"),
        GuestProtections.of(host),
        run.facts());
  }

  private static Cpu cpu(HostView host) {
    CpuInfo cpu = CpuInfo.parse(host.architecture(), host.text("/proc/cpuinfo").orElse(""));
    return new Cpu(known(cpu.vendor()), known(cpu.model()), cpu.count());
  }

  static Distribution distribution(HostView host) {
    String text =
        host.text("/etc/os-release").or(() -> host.text("/usr/lib/os-release")).orElse("");
    return new Distribution(value(text, "NAME"), value(text, "VERSION_ID"));
  }

  /** Values may stand in single or double quotes. */
  private static String value(String text, String key) {
    Optional<String> line =
        text.lines().filter(candidate -> candidate.startsWith(key + "=")).findFirst();
    return line.map(found -> found.substring(key.length() + 1).strip())
        .map(found -> found.replaceFirst("^([\"'])(.*)\\1$", "$2"))
        .filter(found -> !found.isEmpty())
        .orElse(HostFact.UNKNOWN);
  }

  private static String known(String text) {
    return text.isEmpty() ? HostFact.UNKNOWN : text;
  }
}
