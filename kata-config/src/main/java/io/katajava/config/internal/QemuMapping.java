package io.katajava.config.internal;

import io.katajava.Choice;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.config.ConfigurationValues;
import io.katajava.config.HypervisorSection;
import io.katajava.config.Origin;
import io.katajava.qemu.CpuLayout;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.MemoryLayout;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.VirtioFs;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.VirtualIommu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** From the section of QEMU to the driver's configuration. */
public final class QemuMapping {
  private static final Path HUGE_PAGES = Path.of("/dev/hugepages");
  // Kata's room above the guest's memory, for what is plugged besides memory.
  private static final long SPARE_MEBIBYTES = 1024;

  private final ConfigurationValues configuration;
  private final HypervisorSection hypervisor;
  private final HostSize host;
  private final List<String> obstacles = new ArrayList<>();
  private final List<Choice> choices = new ArrayList<>();
  private @Nullable ConfiguredGuest guest;

  /**
   * Prepares the mapping.
   *
   * @param configuration what is set
   * @param host the host it is for
   */
  public QemuMapping(ConfigurationValues configuration, HostSize host) {
    this.configuration = configuration;
    this.hypervisor = configuration.hypervisor();
    this.host = host;
  }

  /**
   * Why it would not be started.
   *
   * @return clauses
   */
  public List<String> obstacles() {
    return obstacles;
  }

  /**
   * What was decided.
   *
   * @return the choices
   */
  public List<Choice> choices() {
    return choices;
  }

  /**
   * The guest the configuration names.
   *
   * @return the guest, or null for that of the class path
   */
  public @Nullable ConfiguredGuest guest() {
    return guest;
  }

  /**
   * Maps.
   *
   * @return the driver's configuration, or null when there are obstacles
   */
  public @Nullable QemuConfig map() {
    if (!hypervisor.name().equals(ConfigurationValues.QEMU)) {
      obstacles.add(
          "[" + hypervisor.table() + "] is used, but this library drives QEMU and nothing else");
      return null;
    }
    if (hypervisor.confidentialGuest()) {
      obstacles.add(
          "confidential_guest = true: a machine of this library would not be confidential");
    }
    MachineType machine = machine();
    if (machine == null) {
      return null;
    }
    QemuConfig.Builder builder = QemuConfig.builder().machine(machine);
    hypervisor.path().ifPresent(builder::binary);
    hypervisor.firmware().ifPresent(builder::firmware);
    guest = ConfiguredGuest.of(hypervisor, machine, choices);
    processors(builder, machine);
    memory(builder, machine);
    devices(builder, machine);
    options(builder);
    configuration.agent().kernelParameters().forEach(builder::addKernelParameter);
    hypervisor.kernelParameters().forEach(builder::addKernelParameter);
    if (hypervisor.enableDebug()) {
      builder.debug(debug -> configuration.monitorGate().open().ifPresent(debug::extraMonitor));
    }
    annotatedOptions();
    try {
      return builder.build();
    } catch (IllegalStateException | KataException e) {
      obstacles.add(String.valueOf(e.getMessage()));
      return null;
    }
  }

  /** Debug is the administrator's: what an annotation sets opens nothing, debug or not. */
  private void annotatedOptions() {
    hypervisor
        .setting("machine_accelerators")
        .filter(setting -> setting.origin().kind() == Origin.Kind.ANNOTATION)
        .ifPresent(
            setting -> {
              QemuConfig.Builder withoutDebug = QemuConfig.builder();
              items("machine_accelerators").forEach(withoutDebug::addMachineOption);
              try {
                withoutDebug.build();
              } catch (KataException e) {
                obstacles.add(setting.origin() + ": machine_accelerators: " + e.getMessage());
              }
            });
  }

  private @Nullable MachineType machine() {
    String name = hypervisor.machineType().orElse("");
    for (MachineType type : MachineType.values()) {
      if (type.architecture().equals(host.architecture())
          && (name.isEmpty()
              ? type == MachineType.defaultFor(host.architecture())
              : type.qemuName().equals(name))) {
        return type;
      }
    }
    obstacles.add(
        "machine_type = \""
            + name
            + "\" is no machine of this host, which is "
            + host.architecture());
    return null;
  }

  private void processors(QemuConfig.Builder builder, MachineType machine) {
    double asked = hypervisor.defaultVcpus();
    int vcpus =
        asked < 0 ? host.cpus() : (int) Math.max(1, Math.min(host.cpus(), Math.ceil(asked)));
    if (vcpus != asked) {
      choices.add(
          new Choice(
              "vCPUs", vcpus + "", "default_vcpus = " + asked + ", the host has " + host.cpus()));
    }
    builder.vcpus(vcpus);
    if (configuration.runtime().staticSandboxResourceManagement()
        || machine == MachineType.MICROVM) {
      return;
    }
    long most = hypervisor.defaultMaxVcpus();
    int maximum = (int) Math.min(most == 0 ? host.cpus() : most, host.cpus());
    if (maximum > vcpus) {
      builder.cpuLayout(CpuLayout.upTo(maximum));
    }
  }

  private void memory(QemuConfig.Builder builder, MachineType machine) {
    MemorySize memory = hypervisor.defaultMemory();
    builder.memory(memory);
    boolean persistent = guest != null && guest.needsMemorySlots();
    MemoryLayout layout = MemoryLayout.fixed();
    boolean settled = configuration.runtime().staticSandboxResourceManagement();
    if (machine != MachineType.MICROVM && (!settled || persistent)) {
      MemorySize maximum = maximum(memory, machine);
      layout =
          hypervisor.flag("enable_virtio_mem") && !persistent
              ? MemoryLayout.resizable(maximum)
              : MemoryLayout.pluggable(maximum, hypervisor.memorySlots());
    }
    if (hypervisor.flag("enable_hugepages")) {
      layout = layout.on(new MemoryBackend.HugePages(HUGE_PAGES, false));
    }
    builder.memoryLayout(layout);
    if (hypervisor.flag("enable_mem_prealloc")) {
      builder.extraArguments("-mem-prealloc");
    }
  }

  private MemorySize maximum(MemorySize memory, MachineType machine) {
    long ofHost = host.memory().toMebibytes();
    long limit = hypervisor.defaultMaxMemory().map(MemorySize::toMebibytes).orElse(ofHost);
    long most = Math.max(Math.min(limit, ofHost), memory.toMebibytes());
    long spare = machine == MachineType.S390_CCW_VIRTIO ? 0 : SPARE_MEBIBYTES;
    long offset = hypervisor.integer("memory_offset").orElse(0L);
    long room = Math.min(offset, MemorySize.gibibytes(1 << 20).toMebibytes());
    return MemorySize.mebibytes(most + spare + room);
  }

  private void devices(QemuConfig.Builder builder, MachineType machine) {
    if (guest != null) {
      guest.disk().ifPresent(builder::addDevice);
    }
    hypervisor
        .string("entropy_source")
        .ifPresent(source -> builder.addDevice(new EntropySource("rng0", Path.of(source))));
    ioThreads(builder);
    if (hypervisor.flag("reclaim_guest_freed_memory")) {
      builder.addDevice(Balloon.reporting());
    }
    if (hypervisor.flag("enable_iommu")) {
      builder.addDevice(VirtualIommu.standard());
    }
    virtioFs(builder);
    int ports = hypervisor.integer("pcie_root_port").map(Long::intValue).orElse(0);
    if (ports > 0 && (machine == MachineType.Q35 || machine == MachineType.VIRT)) {
      builder.pciePorts(ports);
    }
  }

  /** Arguments are those of the daemon that is named; another one may not know them. */
  private void virtioFs(QemuConfig.Builder builder) {
    Optional<Path> named =
        hypervisor.string("virtio_fs_daemon").filter(path -> !path.isEmpty()).map(Path::of);
    Optional<Path> daemon = named.filter(Files::isExecutable);
    if (named.isPresent() && daemon.isEmpty()) {
      choices.add(
          new Choice(
              "virtiofsd", "whichever is found", "virtio_fs_daemon = " + named.get() + " is none"));
    }
    int queue = hypervisor.integer("virtio_fs_queue_size").map(Long::intValue).orElse(0);
    if (queue > 0 && Integer.bitCount(queue) != 1) {
      choices.add(
          new Choice(
              "queue of virtio-fs",
              VirtioFs.DEFAULT.queueSize() + "",
              "virtio_fs_queue_size = " + queue + " is no power of two"));
      queue = 0;
    }
    try {
      builder.virtioFs(
          new VirtioFs(
              daemon,
              hypervisor
                  .string("virtio_fs_cache")
                  .filter(cache -> !cache.isEmpty())
                  .orElse(VirtioFs.DEFAULT.cache()),
              queue > 0 ? queue : VirtioFs.DEFAULT.queueSize(),
              daemon.isPresent() ? hypervisor.strings("virtio_fs_extra_args") : List.of()));
    } catch (IllegalArgumentException e) {
      obstacles.add(String.valueOf(e.getMessage()));
    }
  }

  /** Kata's own runtime makes threads without the switch, too, but then no disk uses them. */
  private void ioThreads(QemuConfig.Builder builder) {
    long asked = hypervisor.integer("indep_iothreads").orElse(0L);
    if (!hypervisor.flag("enable_iothreads")) {
      if (asked > 0) {
        choices.add(
            new Choice(
                "I/O threads",
                "0",
                "indep_iothreads = " + asked + ", but enable_iothreads is not true"));
      }
      return;
    }
    int threads = (int) Math.max(1, Math.min(asked, QemuConfig.MAXIMUM_IO_THREADS));
    if (threads != asked) {
      choices.add(
          new Choice(
              "I/O threads", threads + "", "enable_iothreads = true, indep_iothreads = " + asked));
    }
    builder.ioThreads(threads);
  }

  private void options(QemuConfig.Builder builder) {
    items("machine_accelerators").forEach(builder::addMachineOption);
    items("cpu_features").forEach(builder::addCpuFeature);
    hypervisor
        .string("seccompsandbox")
        .or(() -> hypervisor.string("seccomp_sandbox"))
        .filter(filter -> !filter.isBlank())
        .ifPresent(builder::seccompFilter);
  }

  private List<String> items(String key) {
    return Arrays.stream(hypervisor.string(key).orElse("").split(",", -1))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .toList();
  }
}
