package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.Deadline;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
            config.machine().isPresent() ? "it was asked for" : "the usual one of this host"));
    Optional<String> obstacle = RunAs.obstacle(Path.of("/"), HostFiles.of(config, spec, binary));
    choices.add(
        new RunAs(
                obstacle.isPresent() ? null : 0,
                obstacle.orElse("the JVM is root, QEMU need not be"))
            .describe());
    config
        .debug()
        .flatMap(debug -> debug.extraMonitor())
        .ifPresent(
            monitor ->
                choices.add(
                    new Choice(
                        "extra monitor",
                        monitor.configurationValue(),
                        "the debug section asks for it: this machine is untrusted")));
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
