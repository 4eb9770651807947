package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** QEMU behind the SPI. */
public final class QemuHypervisor implements Hypervisor {
  private final QemuConfig config;

  /**
   * Makes the hypervisor; nothing is looked at yet.
   *
   * @param config how QEMU runs sandboxes
   */
  public QemuHypervisor(QemuConfig config) {
    this.config = config;
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
  public VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException {
    return new QemuLaunch(config, spec, context, machine()).run();
  }

  @Override
  public List<Choice> describe(VmSpec spec) {
    List<Choice> choices = new ArrayList<>();
    choices.add(AcceleratorChoice.of(config.accelerator()).describe());
    choices.add(
        new Choice(
            "machine",
            machine().qemuName(),
            config.machine().isPresent() ? "it was asked for" : "the usual one of this host"));
    Optional<String> obstacle = RunAs.obstacle(Path.of("/"), bootFiles(spec));
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

  @Override
  public List<String> commandLine(VmSpec spec, Path stateDirectory) {
    List<String> line = new ArrayList<>();
    line.add(QemuBinary.find(config.binary(), machine().architecture()).toString());
    line.addAll(
        new QemuCommandLine(
                config,
                spec,
                stateDirectory,
                AcceleratorChoice.of(config.accelerator()).kvm(),
                machine())
            .arguments());
    return line;
  }

  private MachineType machine() {
    return config.machine().orElseGet(() -> MachineType.defaultFor(hostArchitecture()));
  }

  static List<Path> bootFiles(VmSpec spec) {
    List<Path> files = new ArrayList<>();
    files.add(spec.guest().kernel());
    spec.guest().initrd().ifPresent(files::add);
    files.removeIf(file -> !Files.exists(file));
    return files;
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
