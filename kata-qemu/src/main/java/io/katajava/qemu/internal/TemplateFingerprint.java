package io.katajava.qemu.internal;

import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Everything that shapes a template, in words. Only metadata is read: it is asked for each time.
 */
final class TemplateFingerprint {
  /** What the processor of a host is known by, lines of {@code /proc/cpuinfo}. */
  private static final List<String> CPU_KEYS =
      List.of("model name", "flags", "Features", "microcode", "cpu", "isa");

  private TemplateFingerprint() {}

  /**
   * The traits.
   *
   * @param config the template's configuration, with a memory file of a fixed name
   * @param spec the template's, under a fixed id
   */
  static List<String> of(
      QemuConfig config,
      VmSpec spec,
      Path binary,
      Optional<QemuCapabilities> known,
      MachineType machine,
      boolean kvm) {
    List<String> traits = new ArrayList<>();
    traits.add("qemu " + known.map(QemuCapabilities::version).orElse("unknown"));
    // Snapshots may be taken to other hosts, where these files lie elsewhere; templates may not.
    traits.add("host qemu build " + known.map(QemuCapabilities::build).orElse("unknown"));
    traits.add("host qemu " + file(binary));
    traits.add("host kernel " + file(spec.guest().kernel()));
    spec.guest().initrd().ifPresent(initrd -> traits.add("host initrd " + file(initrd)));
    traits.add(
        String.join(" ", KernelParameters.of(config, machine, spec.guest().kernelParameters())));
    if (kvm) {
      // With KVM the guest has seen the host's processor.
      traits.addAll(processor());
    }
    traits.addAll(
        new QemuCommandLine(
                config,
                spec,
                Path.of("/state"),
                kvm,
                machine,
                known.map(QemuCapabilities::seccomp).orElse(true),
                QemuCommandLine.Origin.STATE)
            .arguments());
    return traits;
  }

  private static String file(Path path) {
    try {
      return path + " " + Files.size(path) + " " + Files.getLastModifiedTime(path).toMillis();
    } catch (IOException e) {
      return path + " unreadable";
    }
  }

  private static Set<String> processor() {
    Set<String> lines = new TreeSet<>();
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        String key = line.split("\\s*:", 2)[0];
        if (CPU_KEYS.contains(key)) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      lines.add("unknown processor");
    }
    return lines;
  }
}
