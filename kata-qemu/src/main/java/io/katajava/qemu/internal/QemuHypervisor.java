package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.SandboxStartException;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.internal.QemuCommandLine.Origin;
import io.katajava.qmp.QmpException;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.TemplateTraits;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmImage;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** QEMU behind the SPI. */
public final class QemuHypervisor implements Hypervisor {
  private final QemuConfig config;
  private final CapabilityCache cache;

  /**
   * Makes the hypervisor; nothing is looked at yet.
   *
   * @param config how QEMU runs sandboxes
   */
  public QemuHypervisor(QemuConfig config) {
    this(config, CapabilityCache.standard());
  }

  QemuHypervisor(QemuConfig config, CapabilityCache cache) {
    this.config = config;
    this.cache = cache;
  }

  @Override
  public String name() {
    return "qemu";
  }

  @Override
  public VmSizes defaultSizes() {
    return config.sizes();
  }

  @Override
  public QemuVm launch(VmSpec spec, StartContext context) throws InterruptedException {
    return new QemuLaunch(config, cache, spec, context, machine()).run();
  }

  @Override
  public boolean isDetachable() {
    return true;
  }

  @Override
  public QemuVm attach(VmSpec spec, Path stateDirectory, long pid, Deadline deadline)
      throws InterruptedException {
    return new QemuAttachment(config, spec, stateDirectory, machine()).run(pid, deadline);
  }

  @Override
  public TemplateTraits templateFor(VmSpec spec) {
    return template(spec, false);
  }

  @Override
  public TemplateTraits templateWithAllVcpus(VmSpec spec) {
    return template(spec, true);
  }

  private TemplateTraits template(VmSpec spec, boolean allVcpus) {
    TemplateConfig template = new TemplateConfig(config, machine());
    if (spec.sharesDirectories()) {
      return TemplateTraits.impossible(
          spec.sizes(),
          "its memory is shared with virtiofsd, but a template's memory cannot be shared");
    }
    Optional<String> obstacle = template.obstacle().or(() -> template.tooLarge(spec.sizes()));
    if (obstacle.isPresent()) {
      return TemplateTraits.impossible(spec.sizes(), obstacle.get());
    }
    VmSizes growing = template.sizes(spec.sizes());
    VmSizes sizes = allVcpus ? new VmSizes(spec.sizes().vcpus(), growing.memory()) : growing;
    return new TemplateTraits(
        sizes,
        fingerprint(template, sizes, spec.guest()),
        Optional.empty(),
        Stream.concat(template.attachedLater().stream(), SandboxNics.of(spec).stream())
            .map(device -> device.getClass().getSimpleName() + " " + device.id())
            .toList());
  }

  private List<String> fingerprint(TemplateConfig template, VmSizes sizes, GuestAssets guest) {
    Path binary = QemuBinary.find(config.binary(), machine().architecture());
    Optional<QemuCapabilities> known = capabilities(binary);
    return TemplateFingerprint.of(
        template.config(sizes, new MemoryBackend.MappedFile(Path.of("/memory"), true)),
        new VmSpec("template", sizes, guest),
        binary,
        known,
        machine(),
        AcceleratorChoice.of(config.accelerator()).kvm());
  }

  @Override
  public Optional<String> obstacleToSharing() {
    return machine() == MachineType.MICROVM
        ? Optional.of("microvm has no ports for devices")
        : SharedDirectories.obstacle(config.virtioFs());
  }

  @Override
  public QemuVm launchTemplate(VmSpec spec, Path memory, StartContext context)
      throws InterruptedException {
    QemuConfig template =
        new TemplateConfig(config, machine())
            .config(spec.sizes(), new MemoryBackend.MappedFile(memory, true));
    return new QemuLaunch(
            template,
            cache,
            spec,
            context,
            machine(),
            Origin.BOOT,
            new SharedMemoryFile(memory, true))
        .run();
  }

  @Override
  public QemuVm restore(VmSpec spec, VmImage image, StartContext context)
      throws InterruptedException {
    VmSizes sizes = MachineCopies.sizes(image.hardware());
    VmSpec own = new VmSpec(spec.sandboxId(), sizes, spec.guest(), spec.network(), false);
    TemplateConfig template = new TemplateConfig(config, machine());
    boolean isTemplate = MachineCopies.isTemplate(image.hardware());
    MemoryBackend backend =
        image
            .memory()
            .<MemoryBackend>map(file -> new MemoryBackend.MappedFile(file, false))
            .orElse(config.memoryLayout().backend());
    QemuConfig effective = isTemplate ? template.config(sizes, backend) : config;
    QemuMachine machine =
        new QemuLaunch(
                effective,
                cache,
                own,
                context,
                machine(),
                origin(isTemplate, image),
                image.memory().map(file -> new SharedMemoryFile(file, false)).orElse(null))
            .run();
    try {
      requireSameQemu(image, machine, context);
      List<QemuDevice> attached = new ArrayList<>();
      if (isTemplate && image.memory().isPresent()) {
        attached.addAll(template.attachedLater());
        attached.addAll(SandboxNics.of(spec));
      }
      machine.completeTo(spec.sizes(), attached);
      machine.load(image);
      return machine;
    } catch (SandboxStartException e) {
      machine.close();
      throw e;
    } catch (QmpException | KataException e) {
      VmEvidence evidence = machine.evidence();
      machine.close();
      throw context.failure(
          ErrorCode.VM_START_FAILED,
          "QEMU cannot load the machine's state: " + e.getMessage(),
          "Remove the template or snapshot, and create it again",
          evidence,
          e);
    } catch (RuntimeException | Error | InterruptedException e) {
      machine.close();
      throw e;
    }
  }

  /** The process that would load it is asked: what the binary was before does not count. */
  private static void requireSameQemu(VmImage image, QemuMachine machine, StartContext context) {
    String made = image.hardware().get(MachineCopies.QEMU);
    String here = machine.version().orElse("of unknown version");
    if (made != null && !made.equals(here)) {
      throw context.failure(
          ErrorCode.SNAPSHOT_UNUSABLE,
          "the machine's state was saved by QEMU " + made + ", and this is QEMU " + here,
          "Restore it with the QEMU that saved it, or create it again",
          machine.evidence(),
          null);
    }
  }

  private static Origin origin(boolean isTemplate, VmImage image) {
    if (!isTemplate) {
      return Origin.STATE;
    }
    return image.memory().isPresent() ? Origin.TEMPLATE : Origin.STATE_AND_NAMED_MEMORY;
  }

  @Override
  public List<Choice> describe(VmSpec spec) {
    List<Choice> choices = new ArrayList<>();
    Path binary = QemuBinary.find(config.binary(), machine().architecture());
    choices.add(
        new Choice(
            "QEMU",
            binary + version(binary),
            config.binary().isPresent() ? "it was asked for" : "the first that was found"));
    AcceleratorChoice accelerator = AcceleratorChoice.of(config.accelerator());
    choices.add(accelerator.describe());
    choices.add(
        new Choice(
            "machine",
            machine().qemuName(),
            config.machine().isPresent()
                ? "it was asked for"
                : "it is the usual machine of this host"));
    Optional<String> obstacle = RunAs.obstacle(Path.of("/"), HostFiles.of(config, spec, binary));
    choices.add(
        new RunAs(
                obstacle.isPresent() ? null : 0,
                obstacle.orElse("the JVM is root, QEMU need not be"))
            .describe());
    choices.addAll(Openings.of(config));
    ExtraArguments.all(config.extraArguments(), config.machineOptions()).stream()
        .filter(extra -> !extra.opens())
        .map(ExtraArgument::describe)
        .forEach(choices::add);
    return choices;
  }

  private String version(Path binary) {
    return capabilities(binary).map(known -> " " + known.version()).orElse("");
  }

  private Optional<QemuCapabilities> capabilities(Path binary) {
    try {
      return Optional.of(cache.of(binary, QemuLaunch.PROBE_LIMIT));
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  @Override
  public List<String> commandLine(VmSpec spec, Path stateDirectory) {
    Path binary = QemuBinary.find(config.binary(), machine().architecture());
    List<String> line = new ArrayList<>();
    line.add(binary.toString());
    line.addAll(
        new QemuCommandLine(
                config,
                spec,
                stateDirectory,
                AcceleratorChoice.of(config.accelerator()).kvm(),
                machine(),
                capabilities(binary).map(QemuCapabilities::seccomp).orElse(true))
            .arguments());
    return line;
  }

  private MachineType machine() {
    return config.machine().orElseGet(() -> MachineType.defaultFor(hostArchitecture()));
  }

  private static String hostArchitecture() {
    String name = System.getProperty("os.arch", "");
    return switch (name) {
      case "amd64" -> "x86_64";
      case "ppc64le" -> "ppc64";
      default -> name;
    };
  }
}
