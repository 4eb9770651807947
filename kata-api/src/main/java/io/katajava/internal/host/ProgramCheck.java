package io.katajava.internal.host;

import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.warned;

import io.katajava.HostFinding;
import io.katajava.spi.HostView;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Programs of the host's system that single features call; sandboxes start without them. */
final class ProgramCheck {
  static final String GROUP = "program";

  /**
   * A program and why it may be missed.
   *
   * @param name its file name
   * @param feature what cannot be done without it, as the subject of a sentence
   * @param packages what brings it, by Debian's name
   */
  private record Need(String name, String feature, String packages) {}

  private static final List<Need> NEEDS =
      List.of(
          new Need("mke2fs", "named disks and writable layers on disk", "e2fsprogs"),
          new Need("debugfs", "named disks and writable layers on disk", "e2fsprogs"),
          new Need("ip", "networks on bridges, taps and network namespaces", "iproute2"),
          new Need("tc", "networks in network namespaces", "iproute2"),
          new Need("nsenter", "networks in network namespaces", "util-linux"));

  private ProgramCheck() {}

  static List<HostFinding> run(HostView host) {
    List<HostFinding> findings = new ArrayList<>();
    for (Need need : NEEDS) {
      Optional<Path> found = host.program(need.name());
      findings.add(
          found.isPresent()
              ? passed(GROUP, need.name(), found.get().toString())
              : warned(
                  GROUP,
                  need.name(),
                  need.name() + " is not installed: " + need.feature() + " do not work without it",
                  "Install " + need.packages()));
    }
    return findings;
  }
}
