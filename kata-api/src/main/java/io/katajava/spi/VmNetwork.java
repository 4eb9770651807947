package io.katajava.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The network connections of a machine.
 *
 * @param nics its network cards, in the order the guest shall find them
 * @param namespace the file of the network namespace the hypervisor must run in; its own when
 *     absent
 */
public record VmNetwork(List<NicSpec> nics, Optional<Path> namespace) {
  /** No network card. */
  public static final VmNetwork NONE = new VmNetwork(List.of(), Optional.empty());

  /** Copies the list. */
  public VmNetwork {
    nics = List.copyOf(nics);
  }
}
