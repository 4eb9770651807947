package io.katajava.internal.net;

import java.nio.ByteBuffer;

/**
 * What the gateway does with packets of one family of addresses: its checks, and what it answers
 * itself. Used by the network's thread alone.
 */
interface FamilySide {
  /** Why the guest's packet went nowhere. */
  enum Unreachable {
    /** Nobody is at that port. */
    PORT,
    /** The policy refuses it. */
    PROHIBITED
  }

  /** Receives what is neither damaged nor for the gateway itself to answer. */
  interface Receiver {
    /** The transport header begins at {@code at} in the frame, and has that size with its data. */
    void packet(ByteBuffer frame, int protocol, int at, int size, Ip from, Ip to);
  }

  /** An IP packet that begins at {@code at} in the frame. */
  void receive(ByteBuffer frame, int at);

  /** Tells the guest that the packet which begins there went nowhere; it was looked at before. */
  void unreachable(ByteBuffer frame, int at, Unreachable why);
}
