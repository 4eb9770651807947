package io.katajava.config;

import io.katajava.MemorySize;
import io.katajava.config.internal.KernelParameterText;
import io.katajava.qemu.ExtraMonitor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * {@code [hypervisor.<name>]}: the machine. A key that a hypervisor does not have is like one that
 * is not set.
 */
public final class HypervisorSection extends Section {
  /** Memory of a machine unless it is set. */
  public static final MemorySize DEFAULT_MEMORY = MemorySize.mebibytes(2048);

  /** Memory modules that can be plugged unless it is set. */
  public static final int DEFAULT_MEMORY_SLOTS = 10;

  private final String name;

  HypervisorSection(String name, Collection<Setting> settings) {
    super("hypervisor." + name, settings);
    this.name = name;
  }

  /**
   * Which hypervisor it describes.
   *
   * @return for example {@code qemu}
   */
  public String name() {
    return name;
  }

  /**
   * {@code path}: the hypervisor's binary.
   *
   * @return the path; empty to look for it
   */
  public Optional<Path> path() {
    return text("path").map(Path::of);
  }

  /**
   * {@code kernel}: the guest's kernel.
   *
   * @return the path; empty when not set
   */
  public Optional<Path> kernel() {
    return text("kernel").map(Path::of);
  }

  /**
   * {@code image}: the guest's root filesystem as a disk.
   *
   * @return the path; empty when not set
   */
  public Optional<Path> image() {
    return text("image").map(Path::of);
  }

  /**
   * {@code initrd}: the guest's root filesystem as an initial RAM disk.
   *
   * @return the path; empty when not set
   */
  public Optional<Path> initrd() {
    return text("initrd").map(Path::of);
  }

  /**
   * {@code firmware}.
   *
   * @return the path; empty for the machine's own
   */
  public Optional<Path> firmware() {
    return text("firmware").map(Path::of);
  }

  /**
   * {@code kernel_params}, one by one.
   *
   * @return the parameters in order
   */
  public List<String> kernelParameters() {
    return text("kernel_params").map(KernelParameterText::split).orElse(List.of());
  }

  /**
   * {@code machine_type}.
   *
   * @return QEMU's name of it; empty for the usual one of the host
   */
  public Optional<String> machineType() {
    return text("machine_type");
  }

  /**
   * {@code default_vcpus}; may be negative (all of the host) or a fraction.
   *
   * @return the number, by default 1
   */
  public double defaultVcpus() {
    return numberIfKnown("default_vcpus").filter(vcpus -> vcpus != 0).orElse(1.0);
  }

  /**
   * {@code default_maxvcpus}.
   *
   * @return the number, by default 0: as many as the host has
   */
  public long defaultMaxVcpus() {
    return integerIfKnown("default_maxvcpus").orElse(0L);
  }

  /**
   * {@code default_memory}, MiB in the file.
   *
   * @return the size, by default {@link #DEFAULT_MEMORY}
   */
  public MemorySize defaultMemory() {
    return integerIfKnown("default_memory")
        .filter(mebibytes -> mebibytes > 0)
        .map(MemorySize::mebibytes)
        .orElse(DEFAULT_MEMORY);
  }

  /**
   * {@code memory_slots}.
   *
   * @return the number, by default {@link #DEFAULT_MEMORY_SLOTS}
   */
  public int memorySlots() {
    return integerIfKnown("memory_slots").map(Long::intValue).orElse(DEFAULT_MEMORY_SLOTS);
  }

  /**
   * {@code default_maxmemory}, MiB in the file.
   *
   * @return the size; empty for what the host has
   */
  public Optional<MemorySize> defaultMaxMemory() {
    return integerIfKnown("default_maxmemory")
        .filter(mebibytes -> mebibytes > 0)
        .map(MemorySize::mebibytes);
  }

  /**
   * {@code enable_debug}: debug output, and the gate of the extra monitor. That of the runtime or
   * the agent does not count here.
   *
   * @return false unless it is set
   */
  public boolean enableDebug() {
    return bool("enable_debug").orElse(false);
  }

  /**
   * {@code extra_monitor_socket}, whether it counts or not; {@link MonitorGate} tells.
   *
   * @return what was set; empty when nothing was
   */
  public Optional<ExtraMonitor> extraMonitorSocket() {
    return text("extra_monitor_socket")
        .flatMap(
            text ->
                Arrays.stream(ExtraMonitor.values())
                    .filter(monitor -> monitor.configurationValue().equals(text))
                    .findFirst());
  }

  /**
   * {@code confidential_guest}.
   *
   * @return false unless it is set
   */
  public boolean confidentialGuest() {
    return flag("confidential_guest");
  }

  /**
   * {@code enable_annotations}: regular expressions for the annotations that count.
   *
   * @return the expressions; empty for none
   */
  public List<String> enableAnnotations() {
    return strings("enable_annotations");
  }

  /**
   * A boolean that not every hypervisor has.
   *
   * @param key the key
   * @return false when it is not set or this hypervisor has no such key
   */
  public boolean flag(String key) {
    return isKnown(key) && bool(key).orElse(false);
  }

  /** Not every hypervisor has every key. */
  private boolean isKnown(String key) {
    return ConfigurationKeys.find(table(), key).isPresent();
  }

  private Optional<String> text(String key) {
    return isKnown(key) ? string(key) : Optional.empty();
  }

  private Optional<Long> integerIfKnown(String key) {
    return isKnown(key) ? integer(key) : Optional.empty();
  }

  private Optional<Double> numberIfKnown(String key) {
    return isKnown(key) ? number(key) : Optional.empty();
  }
}
