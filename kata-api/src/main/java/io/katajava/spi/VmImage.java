package io.katajava.spi;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A saved machine: what {@link VirtualMachine#save} wrote, and what {@link Hypervisor#restore}
 * needs to make machines from it.
 *
 * @param state the file with the devices' state, and with the memory unless that is a file itself
 * @param memory the guest's memory as a file, which every machine made of this image maps and
 *     copies page by page when it writes; empty when the memory is in the state
 * @param hardware {@link VirtualMachine#hardware()} of the machine that was saved: the hypervisor's
 *     own, to be given back as it was
 */
public record VmImage(Path state, Optional<Path> memory, Map<String, String> hardware) {

  /** Copies the map. */
  public VmImage {
    hardware = Map.copyOf(hardware);
  }
}
