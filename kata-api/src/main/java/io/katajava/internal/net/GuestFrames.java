package io.katajava.internal.net;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Packets to the guest. Used by the network's thread alone. */
interface GuestFrames {
  /** How much follows an IP header of that address's family at most, in bytes. */
  int longestPayload(Ip address);

  /** The guest's address that talks to that one: the one of the same family. */
  Ip guest(Ip peer);

  /**
   * Begins a packet; it is sent with the next flush.
   *
   * @param from whose address it bears
   * @param to the guest's address, of the same family
   * @param length of what follows the IP header
   * @return where that is to be written, or null when the link is full
   */
  @Nullable ByteBuffer begin(int protocol, Ip from, Ip to, int length);
}
