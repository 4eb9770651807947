package io.katajava.sdk;

import io.katajava.Kata;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.spi.ForwardingHypervisor;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmImage;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/** A QEMU that bears nothing deprecated, with a store of templates of its own. */
final class QemuRelease {
  private static final Map<Path, QemuRelease> KNOWN = new ConcurrentHashMap<>();

  private final Path real;
  private final OpenStore store = new OpenStore();
  private final Path strict;
  private final List<VirtualMachine> machines = new CopyOnWriteArrayList<>();

  private QemuRelease(Path real) {
    this.real = real;
    // Extra arguments would make templates impossible; another binary does not.
    this.strict = store.state().resolveSibling("qemu-" + KNOWN.size());
    try {
      Files.writeString(
          strict,
          "#!/bin/sh\nexec '"
              + real
              + "' \"$@\" -compat deprecated-input=crash,deprecated-output=hide\n");
      Files.setPosixFilePermissions(strict, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<QemuRelease> all() {
    String named =
        Optional.ofNullable(System.getProperty("kata.test.qemus"))
            .or(() -> Optional.ofNullable(System.getenv("KATA_TEST_QEMUS")))
            .orElse("");
    return Stream.concat(
            Stream.of(installed()),
            Stream.of(named.split(":", -1)).filter(path -> !path.isBlank()).map(Path::of))
        .distinct()
        .map(path -> KNOWN.computeIfAbsent(path, QemuRelease::new));
  }

  private static Path installed() {
    String name = "qemu-system-" + System.getProperty("os.arch").replace("amd64", "x86_64");
    return Stream.of(System.getenv("PATH").split(":", -1))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  static void closeAll() {
    KNOWN.values().forEach(release -> release.store.close());
    KNOWN.clear();
  }

  OpenStore store() {
    return store;
  }

  Path binary() {
    return strict;
  }

  Kata kata(QemuConfig config) {
    return Kata.builder()
        .stateDirectory(store.state())
        .dataDirectory(store.state().resolveSibling("d"))
        .templates(store.settings())
        .hypervisor(new Watching(config.toBuilder().binary(strict).build().toHypervisor()))
        .build();
  }

  /** The machine that was made last. */
  QemuVm last() {
    return (QemuVm) Objects.requireNonNull(machines.get(machines.size() - 1));
  }

  /** What the machines since the last call wrote to their standard error. */
  List<String> warnings() {
    List<String> lines =
        machines.stream().flatMap(vm -> vm.evidence().stderrTail().lines()).toList();
    machines.clear();
    return lines;
  }

  @Override
  public String toString() {
    return real.toString();
  }

  private final class Watching extends ForwardingHypervisor {
    Watching(Hypervisor real) {
      super(real);
    }

    private VirtualMachine seen(VirtualMachine vm) {
      machines.add(vm);
      return vm;
    }

    @Override
    public VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException {
      return seen(super.launch(spec, context));
    }

    @Override
    public VirtualMachine launchTemplate(VmSpec spec, Path memory, StartContext context)
        throws InterruptedException {
      return seen(super.launchTemplate(spec, memory, context));
    }

    @Override
    public VirtualMachine restore(VmSpec spec, VmImage image, StartContext context)
        throws InterruptedException {
      return seen(super.restore(spec, image, context));
    }
  }
}
