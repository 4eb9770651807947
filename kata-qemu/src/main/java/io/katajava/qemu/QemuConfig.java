package io.katajava.qemu;

import io.katajava.MemorySize;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.internal.ExtraArguments;
import io.katajava.qemu.internal.HypervisorSource;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.HypervisorConfig;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The configuration with which QEMU runs sandboxes. Immutable; {@link #toBuilder()} leads back. */
public final class QemuConfig implements HypervisorConfig {
  /** vCPUs of a sandbox that asks for no other number. */
  public static final int DEFAULT_VCPUS = 1;

  /** Memory of a sandbox that asks for no other size. */
  public static final MemorySize DEFAULT_MEMORY = MemorySize.mebibytes(256);

  /** Ports of a machine with PCI Express: two containers of different images, four disks each. */
  public static final int DEFAULT_PCIE_PORTS = 8;

  /** As many PCI Express root ports as Kata allows. */
  public static final int MAXIMUM_PCIE_PORTS = 16;

  /** More threads than this help no guest. */
  public static final int MAXIMUM_IO_THREADS = 16;

  /** The least memory in which Debian's kernel and our initrd come up. */
  public static final MemorySize MINIMUM_MEMORY = MemorySize.mebibytes(96);

  private final @Nullable Path binary;
  private final @Nullable MachineType machine;
  private final Accelerator accelerator;
  private final @Nullable String cpuModel;
  private final VmSizes sizes;
  private final @Nullable Path firmware;
  private final List<String> kernelParameters;
  private final List<String> machineOptions;
  private final List<String> cpuFeatures;
  private final @Nullable String seccompFilter;
  private final @Nullable CpuLayout cpuLayout;
  private final MemoryLayout memoryLayout;
  private final @Nullable Integer pciePorts;
  private final VirtioFs virtioFs;
  private final int ioThreads;
  private final List<QemuDevice> devices;
  private final @Nullable QemuDebug debug;
  private final List<String> extraArguments;

  private QemuConfig(Builder builder) {
    this.binary = builder.binary;
    this.machine = builder.machine;
    this.accelerator = builder.accelerator;
    this.cpuModel = builder.cpuModel;
    this.sizes = new VmSizes(builder.vcpus, builder.memory);
    this.firmware = builder.firmware;
    this.kernelParameters = List.copyOf(builder.kernelParameters);
    this.machineOptions = List.copyOf(builder.machineOptions);
    this.cpuFeatures = List.copyOf(builder.cpuFeatures);
    this.seccompFilter = builder.seccompFilter;
    this.cpuLayout = builder.cpuLayout;
    this.memoryLayout = builder.memoryLayout;
    this.pciePorts = builder.pciePorts;
    this.virtioFs = builder.virtioFs;
    this.ioThreads = builder.ioThreads;
    this.devices = List.copyOf(builder.devices);
    this.debug = builder.debug;
    this.extraArguments = List.copyOf(builder.extraArguments);
  }

  /**
   * Begins a configuration with the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A builder with these values.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.binary = binary;
    builder.machine = machine;
    builder.accelerator = accelerator;
    builder.cpuModel = cpuModel;
    builder.vcpus = sizes.vcpus();
    builder.memory = sizes.memory();
    builder.firmware = firmware;
    builder.kernelParameters.addAll(kernelParameters);
    builder.machineOptions.addAll(machineOptions);
    builder.cpuFeatures.addAll(cpuFeatures);
    builder.seccompFilter = seccompFilter;
    builder.cpuLayout = cpuLayout;
    builder.memoryLayout = memoryLayout;
    builder.pciePorts = pciePorts;
    builder.virtioFs = virtioFs;
    builder.ioThreads = ioThreads;
    builder.devices.addAll(devices);
    builder.debug = debug;
    builder.extraArguments.addAll(extraArguments);
    return builder;
  }

  @Override
  public Hypervisor toHypervisor() {
    return HypervisorSource.find().of(this);
  }

  /**
   * The binary.
   *
   * @return its path; when absent {@code qemu-system-<architecture>} is looked for
   */
  public Optional<Path> binary() {
    return Optional.ofNullable(binary);
  }

  /**
   * The machine.
   *
   * @return its type; when absent the usual one of the host's architecture
   */
  public Optional<MachineType> machine() {
    return Optional.ofNullable(machine);
  }

  /**
   * What runs the guest's instructions.
   *
   * @return the accelerator
   */
  public Accelerator accelerator() {
    return accelerator;
  }

  /**
   * The CPU model, QEMU's {@code -cpu}.
   *
   * @return the model; when absent {@code host} under KVM, under TCG {@code max}, on x86 {@code
   *     max,-erms,-fsrm}
   */
  public Optional<String> cpuModel() {
    return Optional.ofNullable(cpuModel);
  }

  /**
   * vCPUs and memory of sandboxes that ask for no others.
   *
   * @return the sizes
   */
  public VmSizes sizes() {
    return sizes;
  }

  /**
   * The firmware, QEMU's {@code -bios}.
   *
   * @return its path; when absent the machine's own
   */
  public Optional<Path> firmware() {
    return Optional.ofNullable(firmware);
  }

  /**
   * Parameters put at the end of the kernel's command line, so that they win.
   *
   * @return the parameters in order
   */
  public List<String> kernelParameters() {
    return kernelParameters;
  }

  /**
   * Options put at the end of {@code -machine}, so that they win.
   *
   * @return the options in order
   */
  public List<String> machineOptions() {
    return machineOptions;
  }

  /**
   * Features put after the CPU model of {@code -cpu}.
   *
   * @return the features in order
   */
  public List<String> cpuFeatures() {
    return cpuFeatures;
  }

  /**
   * QEMU's filter of system calls, the value of {@code -sandbox}.
   *
   * @return the value; when absent everything is denied that the driver's QEMU can do without
   */
  public Optional<String> seccompFilter() {
    return Optional.ofNullable(seccompFilter);
  }

  /**
   * How vCPUs are laid out, {@code -smp}.
   *
   * @return the layout; when absent there are no more vCPUs than at the start
   */
  public Optional<CpuLayout> cpuLayout() {
    return Optional.ofNullable(cpuLayout);
  }

  /**
   * How memory is laid out.
   *
   * @return the layout
   */
  public MemoryLayout memoryLayout() {
    return memoryLayout;
  }

  /**
   * See {@link Builder#virtioFs}.
   *
   * @return how directories are shared
   */
  public VirtioFs virtioFs() {
    return virtioFs;
  }

  /**
   * Empty PCI Express ports for devices that are plugged later.
   *
   * @return their number
   */
  public int pciePorts() {
    if (pciePorts != null) {
      return pciePorts;
    }
    boolean express =
        machine != null
            ? machine.hasPciePorts()
            : !List.of("ppc64le", "s390x").contains(System.getProperty("os.arch"));
    return express ? DEFAULT_PCIE_PORTS : 0;
  }

  /**
   * Threads of QEMU that serve disks, {@code -object iothread}.
   *
   * @return their number; with 0 QEMU's main thread serves them
   */
  public int ioThreads() {
    return ioThreads;
  }

  /**
   * Devices beyond those every sandbox has.
   *
   * @return the devices in order
   */
  public List<QemuDevice> devices() {
    return devices;
  }

  /**
   * The debug section.
   *
   * @return the section; absent when debug is off
   */
  public Optional<QemuDebug> debug() {
    return Optional.ofNullable(debug);
  }

  /**
   * Arguments put at the end of QEMU's command line as they are; see {@link
   * Builder#extraArguments}.
   *
   * @return the arguments in order
   */
  public List<String> extraArguments() {
    return extraArguments;
  }

  /**
   * The command line a sandbox of this configuration would get, for people: one option a line. What
   * is decided only at a start (binary, accelerator) is decided as it would be now.
   *
   * @param spec what would be started
   * @param stateDirectory the directory it would use
   * @return lines that a POSIX shell accepts
   * @throws io.katajava.KataException if no QEMU is found
   */
  public String explain(VmSpec spec, Path stateDirectory) {
    return ShellText.of(toHypervisor().commandLine(spec, stateDirectory));
  }

  @Override
  public String toString() {
    return "QemuConfig["
        + machine().map(Enum::name).orElse("machine of the host")
        + ", "
        + accelerator
        + ", "
        + sizes
        + ", debug "
        + (debug == null
            ? "off"
            : "on, extra monitor " + debug.extraMonitor().map(Enum::name).orElse("off"))
        + "]";
  }

  /** Describes a configuration. Not safe for several threads. */
  public static final class Builder {
    private @Nullable Path binary;
    @Nullable MachineType machine;
    Accelerator accelerator = Accelerator.AUTO;
    @Nullable String cpuModel;
    int vcpus = DEFAULT_VCPUS;
    MemorySize memory = DEFAULT_MEMORY;
    private @Nullable Path firmware;
    private final List<String> kernelParameters = new ArrayList<>();
    final List<String> machineOptions = new ArrayList<>();
    private final List<String> cpuFeatures = new ArrayList<>();
    private @Nullable String seccompFilter;
    @Nullable CpuLayout cpuLayout;
    MemoryLayout memoryLayout = MemoryLayout.fixed();
    @Nullable Integer pciePorts;
    VirtioFs virtioFs = VirtioFs.DEFAULT;
    private int ioThreads;
    final List<QemuDevice> devices = new ArrayList<>();
    @Nullable QemuDebug debug;
    final List<String> extraArguments = new ArrayList<>();

    private Builder() {}

    /**
     * Sets the binary. Default: {@code qemu-system-<architecture>} on the {@code PATH} or in the
     * usual places.
     *
     * @param binary path of the binary
     * @return this
     */
    public Builder binary(Path binary) {
      this.binary = binary.toAbsolutePath();
      return this;
    }

    /**
     * Sets the machine, {@code -machine}. Default: the usual one of the host's architecture.
     *
     * @param machine the type
     * @return this
     */
    public Builder machine(MachineType machine) {
      this.machine = machine;
      return this;
    }

    /**
     * Sets what runs the guest's instructions, {@code -accel}. Default: {@link Accelerator#AUTO}.
     *
     * @param accelerator the accelerator
     * @return this
     */
    public Builder accelerator(Accelerator accelerator) {
      this.accelerator = accelerator;
      return this;
    }

    /**
     * Sets the CPU model, {@code -cpu}. Default: {@code host} under KVM, {@code max} under TCG, on
     * x86 {@code max,-erms,-fsrm}, with which copying is faster there.
     *
     * @param model model and features as QEMU writes them
     * @return this
     */
    public Builder cpuModel(String model) {
      if (model.isBlank()) {
        throw new IllegalArgumentException("a CPU model has a name");
      }
      this.cpuModel = model;
      return this;
    }

    /**
     * Sets the number of vCPUs, {@code -smp}. Default: {@value QemuConfig#DEFAULT_VCPUS}.
     *
     * @param vcpus 1 to 512
     * @return this
     */
    public Builder vcpus(int vcpus) {
      if (vcpus < 1 || vcpus > 512) {
        throw new IllegalArgumentException("a machine has 1 to 512 vCPUs, asked for " + vcpus);
      }
      this.vcpus = vcpus;
      return this;
    }

    /**
     * Sets the guest's memory, {@code -m}. Default: {@link QemuConfig#DEFAULT_MEMORY}.
     *
     * @param memory a whole number of MiB, not less than {@link QemuConfig#MINIMUM_MEMORY}
     * @return this
     */
    public Builder memory(MemorySize memory) {
      if (memory.compareTo(MINIMUM_MEMORY) < 0 || !memory.isMultipleOf(MemorySize.mebibytes(1))) {
        throw new IllegalArgumentException(
            "guest memory is a whole number of MiB and at least "
                + MINIMUM_MEMORY
                + ", asked for "
                + memory);
      }
      this.memory = memory;
      return this;
    }

    /**
     * Sets the firmware, {@code -bios}. Default: the machine's own.
     *
     * @param firmware path of the image
     * @return this
     */
    public Builder firmware(Path firmware) {
      this.firmware = firmware.toAbsolutePath();
      return this;
    }

    /**
     * Adds a parameter at the end of the kernel's command line.
     *
     * @param parameter one parameter, without spaces except inside double quotes
     * @return this
     */
    public Builder addKernelParameter(String parameter) {
      if (parameter.isBlank() || !isOneParameter(parameter)) {
        throw new IllegalArgumentException("'" + parameter + "' is not one kernel parameter");
      }
      kernelParameters.add(parameter);
      return this;
    }

    /** By hand: a regular expression of alternatives needs stack for each character. */
    private static boolean isOneParameter(String text) {
      boolean quoted = false;
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c == '"') {
          quoted = !quoted;
        } else if (quoted ? c == '\r' || c == '\n' : Character.isWhitespace(c)) {
          return false;
        }
      }
      return !quoted;
    }

    /**
     * Adds an option at the end of {@code -machine}, so that it wins. Default: none. One that has
     * QEMU open a file of the host, for example {@code dumpdtb=…}, goes through the same gate as
     * {@link #extraArguments}.
     *
     * @param option name and value, without comma
     * @return this
     */
    public Builder addMachineOption(String option) {
      machineOptions.add(oneOption("machine option", option));
      return this;
    }

    /**
     * Adds a feature after the CPU model of {@code -cpu}. Default: none.
     *
     * @param feature for example {@code pmu=off}, without comma
     * @return this
     */
    public Builder addCpuFeature(String feature) {
      cpuFeatures.add(oneOption("CPU feature", feature));
      return this;
    }

    private static String oneOption(String what, String option) {
      if (option.isBlank() || option.indexOf(',') >= 0) {
        throw new IllegalArgumentException("'" + option + "' is not one " + what);
      }
      return option;
    }

    /**
     * Sets QEMU's filter of system calls, {@code -sandbox}. Default: everything is denied that the
     * driver's QEMU can do without. Not used by a QEMU that was built without the option.
     *
     * @param filter as QEMU writes it, for example {@code on,spawn=deny}
     * @return this
     */
    public Builder seccompFilter(String filter) {
      if (filter.isBlank()) {
        throw new IllegalArgumentException("a filter of system calls is not blank; try 'off'");
      }
      this.seccompFilter = filter;
      return this;
    }

    /**
     * Sets how vCPUs are laid out, {@code -smp}. Default: none beyond those of the start.
     *
     * @param layout the layout; its maximum is not less than the vCPUs of the start
     * @return this
     */
    public Builder cpuLayout(CpuLayout layout) {
      this.cpuLayout = layout;
      return this;
    }

    /**
     * Sets how memory is laid out. Default: {@link MemoryLayout#fixed()}.
     *
     * @param layout the layout
     * @return this
     */
    public Builder memoryLayout(MemoryLayout layout) {
      this.memoryLayout = layout;
      return this;
    }

    /**
     * Sets how directories of the host are shared, in sandboxes that want to; see {@link
     * io.katajava.DirectorySharing}. Default: {@link VirtioFs#DEFAULT}.
     *
     * @param virtioFs daemon, cache, queue
     * @return this
     */
    public Builder virtioFs(VirtioFs virtioFs) {
      this.virtioFs = virtioFs;
      return this;
    }

    /**
     * Sets how many empty PCI Express ports there are, {@code pcie-root-port}: on q35 and virt each
     * device that is plugged needs one, and so does each layer image of a container. Default:
     * {@link #DEFAULT_PCIE_PORTS}, none on other machines.
     *
     * @param ports 0 to 16
     * @return this
     */
    public Builder pciePorts(int ports) {
      if (ports < 0 || ports > MAXIMUM_PCIE_PORTS) {
        throw new IllegalArgumentException(
            "a machine has 0 to " + MAXIMUM_PCIE_PORTS + " PCIe ports, asked for " + ports);
      }
      this.pciePorts = ports;
      return this;
    }

    /**
     * Sets how many threads of QEMU's serve disks, {@code -object iothread}. Each virtio disk has
     * one of them, chosen by its id, and all SCSI disks together have one. Default: 0, QEMU's main
     * thread serves all.
     *
     * @param threads 0 to 16
     * @return this
     */
    public Builder ioThreads(int threads) {
      if (threads < 0 || threads > MAXIMUM_IO_THREADS) {
        throw new IllegalArgumentException(
            "a machine has 0 to " + MAXIMUM_IO_THREADS + " I/O threads, asked for " + threads);
      }
      this.ioThreads = threads;
      return this;
    }

    /**
     * Adds a device to every machine. Default: none but the agent's port.
     *
     * @param device the device; its id is not yet used
     * @return this
     */
    public Builder addDevice(QemuDevice device) {
      if (devices.stream().anyMatch(other -> other.id().equals(device.id()))) {
        throw new IllegalArgumentException("there is a device '" + device.id() + "' already");
      }
      devices.add(device);
      return this;
    }

    /**
     * Puts these devices in the place of those added so far.
     *
     * @param others the devices, each with an id of its own
     * @return this
     */
    public Builder devices(List<QemuDevice> others) {
      devices.clear();
      others.forEach(this::addDevice);
      return this;
    }

    /**
     * Turns debug on. The section is described inside; what it offers is offered nowhere else.
     *
     * @param section describes the section
     * @return this
     */
    public Builder debug(Consumer<QemuDebug.Builder> section) {
      QemuDebug.Builder builder = new QemuDebug.Builder();
      section.accept(builder);
      this.debug = builder.build();
      return this;
    }

    /**
     * Adds arguments at the end of QEMU's command line, as they are: the way out for what has no
     * method here. They can undo what the driver relies on; {@link io.katajava.Sandbox#describe}
     * shows each.
     *
     * <p>Those that open QEMU or the host to others (a monitor, a debugger's port, a console or
     * another channel of QEMU's, a disk, network or device of the host, more options or code from a
     * file), and those that are not known here, are refused by {@link #build} unless debug is on.
     * With debug the machine is then untrusted, just as with an extra monitor. Those that take QEMU
     * out of the driver's hands, for example {@code -daemonize}, are always refused.
     *
     * @param arguments options and values, one element each
     * @return this
     */
    public Builder extraArguments(String... arguments) {
      extraArguments.addAll(List.of(arguments));
      return this;
    }

    /**
     * Makes the configuration.
     *
     * @return an immutable configuration
     * @throws IllegalStateException if settings do not go together; the message names all problems
     * @throws io.katajava.KataException with {@link io.katajava.ErrorCode#INVALID_CONFIGURATION} if
     *     {@link #extraArguments} or {@link #addMachineOption} would open QEMU or the host and
     *     debug is off; the message names all
     */
    public QemuConfig build() {
      List<String> problems = ConfigProblems.of(this);
      if (!problems.isEmpty()) {
        throw new IllegalStateException(String.join("; ", problems));
      }
      ExtraArguments.check(extraArguments, machineOptions, debug != null);
      return new QemuConfig(this);
    }
  }
}
