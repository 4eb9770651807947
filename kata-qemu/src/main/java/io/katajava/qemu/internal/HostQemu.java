package io.katajava.qemu.internal;

import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The binary and machine a configuration would use on a host, which may be a tree of files. */
record HostQemu(Optional<MachineType> machine, String wanted, Optional<Path> binary) {

  static HostQemu of(QemuConfig config, HostView host) {
    Optional<MachineType> machine = config.machine();
    if (machine.isEmpty()) {
      try {
        machine = Optional.of(MachineType.defaultFor(host.architecture()));
      } catch (IllegalArgumentException e) {
        return new HostQemu(
            Optional.empty(), "qemu-system-" + host.architecture(), Optional.empty());
      }
    }
    if (config.binary().isPresent()) {
      Path given = config.binary().get();
      return new HostQemu(
          machine,
          given.toString(),
          Optional.of(given).filter(path -> Files.isExecutable(path) && Files.isRegularFile(path)));
    }
    String name = "qemu-system-" + machine.get().architecture();
    return new HostQemu(machine, name, host.program(name).or(() -> host.program("qemu-kvm")));
  }

  /** What the binary says of itself; empty where it cannot be run because it is not this host's. */
  static Optional<QemuCapabilities> ask(Path binary, HostView host)
      throws IOException, InterruptedException {
    return host.isReal()
        ? Optional.of(
            new CapabilityCache(host.directories().cache().resolve("qemu"))
                .of(binary, QemuLaunch.PROBE_LIMIT))
        : Optional.empty();
  }

  static AcceleratorChoice accelerator(QemuConfig config, HostView host) {
    return AcceleratorChoice.of(
        config.accelerator(),
        host.path("/dev/kvm"),
        host.path("/proc/cpuinfo"),
        host.architecture().equals("x86_64") ? "amd64" : host.architecture());
  }
}
