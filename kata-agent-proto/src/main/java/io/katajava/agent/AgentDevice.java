package io.katajava.agent;

import java.util.List;

/**
 * A device of the guest that a container sees. Maps to {@code Device}. Its container path must also
 * be among the OCI spec's devices, whose numbers the agent replaces.
 *
 * @param id identifies it where the type needs that, such as a PCI path
 * @param type {@code blk}, {@code mmioblk}, {@code scsi}, {@code nvdimm}, {@code vfio-pci} and
 *     others
 * @param vmPath path in the guest, or empty if the id tells
 * @param containerPath path in the container
 * @param options options of the type
 */
public record AgentDevice(
    String id, String type, String vmPath, String containerPath, List<String> options) {

  /** Copies the options. */
  public AgentDevice {
    options = List.copyOf(options);
  }
}
