package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A hypervisor that keeps the machine it launched, so that a test reaches below the sandbox. */
final class Captured implements Hypervisor {
  private final Hypervisor real;
  private volatile @Nullable QemuVm vm;

  Captured(QemuConfig config) {
    this.real = config.toHypervisor();
  }

  QemuVm vm() {
    return Objects.requireNonNull(vm);
  }

  @Override
  public String name() {
    return real.name();
  }

  @Override
  public VmSizes defaultSizes() {
    return real.defaultSizes();
  }

  @Override
  public VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException {
    VirtualMachine launched = real.launch(spec, context);
    vm = (QemuVm) launched;
    return launched;
  }

  @Override
  public List<Choice> describe(VmSpec spec) {
    return real.describe(spec);
  }

  @Override
  public List<String> commandLine(VmSpec spec, Path stateDirectory) {
    return real.commandLine(spec, stateDirectory);
  }
}
