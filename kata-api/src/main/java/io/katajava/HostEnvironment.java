package io.katajava;

import java.util.List;
import java.util.Optional;

/**
 * A report of the host and of what a sandbox would use here: {@link Host#environment()}.
 *
 * @param kernel the running kernel's release
 * @param architecture the host's architecture in QEMU's spelling
 * @param distribution the distribution, from {@code os-release}
 * @param cpu the processors, from {@code /proc/cpuinfo}
 * @param memory the memory, from {@code /proc/meminfo}
 * @param vmCapable whether everything Kata's own runtime asks of processor and kernel is there, so
 *     that guests run with KVM
 * @param vsock whether {@code /dev/vhost-vsock} opens
 * @param guestProtections confidential-guest techniques of this host: {@code tdx}, {@code sev},
 *     {@code snp}, {@code pef}, {@code se}
 * @param facts what the modules add about hypervisor and guest
 */
public record HostEnvironment(
    String kernel,
    String architecture,
    Distribution distribution,
    Cpu cpu,
    Memory memory,
    boolean vmCapable,
    boolean vsock,
    List<String> guestProtections,
    List<HostFact> facts) {

  /**
   * A distribution.
   *
   * @param name {@code NAME} of {@code os-release}
   * @param version its {@code VERSION_ID}
   */
  public record Distribution(String name, String version) {}

  /**
   * The processors.
   *
   * @param vendor the vendor as the processor names it
   * @param model the model as the kernel names it
   * @param count how many there are
   */
  public record Cpu(String vendor, String model, int count) {}

  /**
   * The memory.
   *
   * @param total all of it
   * @param free unused
   * @param available what programs could still get
   */
  public record Memory(MemorySize total, MemorySize free, MemorySize available) {}

  /** Copies the lists. */
  public HostEnvironment {
    guestProtections = List.copyOf(guestProtections);
    facts = List.copyOf(facts);
  }

  /**
   * One of the facts.
   *
   * @param section its section
   * @param name its name
   * @return the value; empty when no module says it
   */
  public Optional<Object> fact(String section, String name) {
    return facts.stream()
        .filter(fact -> fact.section().equals(section) && fact.name().equals(name))
        .map(HostFact::value)
        .findFirst();
  }
}
