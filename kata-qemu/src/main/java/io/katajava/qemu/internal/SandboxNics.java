package io.katajava.qemu.internal;

import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.spi.NicSpec;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The network cards a sandbox asks for, as devices of ours. */
final class SandboxNics {
  private SandboxNics() {}

  static List<Nic> of(VmSpec spec) {
    return spec.network().nics().stream().map(SandboxNics::of).toList();
  }

  static Nic of(NicSpec nic) {
    NicBackend backend =
        nic.attachment() instanceof NicSpec.Tap tap
            ? new NicBackend.Tap(tap.interfaceName(), false)
            : new NicBackend.Passt(((NicSpec.FrameSocket) nic.attachment()).socket());
    return new Nic(nic.id(), backend, Optional.of(nic.mac()));
  }

  /** The groups that may open its TAP interfaces. */
  static IntStream groups(VmSpec spec) {
    return spec.network().nics().stream()
        .map(NicSpec::attachment)
        .filter(NicSpec.Tap.class::isInstance)
        .flatMapToInt(attachment -> ((NicSpec.Tap) attachment).group().stream())
        .distinct();
  }

  /** The sockets that QEMU's user must be able to connect to. */
  static Stream<Path> sockets(VmSpec spec) {
    return spec.network().nics().stream()
        .map(NicSpec::attachment)
        .filter(NicSpec.FrameSocket.class::isInstance)
        .map(attachment -> ((NicSpec.FrameSocket) attachment).socket());
  }
}
