package io.katajava.spi;

import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The description of a machine's network card.
 *
 * @param id unique in the machine: a letter, then letters and digits
 * @param mac its link address, six bytes in lower-case hexadecimal
 * @param attachment what it is connected to
 */
public record NicSpec(String id, String mac, Attachment attachment) {

  /** The network to which a card is connected. */
  public sealed interface Attachment {}

  /**
   * A unix socket on which somebody listens already. Ethernet frames go both ways on it, each
   * behind its length as four bytes, big-endian.
   *
   * @param socket its path; in the sandbox's state directory
   */
  public record FrameSocket(Path socket) implements Attachment {}

  /**
   * A TAP interface that exists already, in the network namespace the hypervisor runs in.
   *
   * @param interfaceName its name
   * @param group the group whose members may open it, given to the hypervisor's process; absent
   *     when whoever made it has decided who may
   */
  public record Tap(String interfaceName, OptionalInt group) implements Attachment {}
}
