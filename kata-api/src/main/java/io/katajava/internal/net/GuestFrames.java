package io.katajava.internal.net;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Packets to the guest. Used by the network's thread alone. */
interface GuestFrames {
  /** How long an IP packet may be, in bytes. */
  int mtu();

  /**
   * Begins a packet; it is sent with the next flush.
   *
   * @param from whose address it bears
   * @param to the guest's address
   * @param length of what follows the IP header
   * @return where that is to be written, or null when the link is full
   */
  @Nullable ByteBuffer begin(int protocol, int from, int to, int length);
}
