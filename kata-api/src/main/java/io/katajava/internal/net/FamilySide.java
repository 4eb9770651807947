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
    /** No packet gets to that address. */
    HOST,
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

  /**
   * What is quoted of a packet that is gone, for the guest's kernel to find whose it was.
   *
   * @param protocol UDP's or TCP's
   * @param guestPort from where it came
   * @param address where it was to go, of the side's family
   * @param port there
   */
  record Quote(int protocol, int guestPort, Ip address, int port) {
    /** IP's header and what is first in those of UDP and TCP. */
    ByteBuffer packet(Ip guest) {
      int header = Packets.header(address);
      // The frame is not sent.
      byte[] none = new byte[6];
      ByteBuffer frame = ByteBuffer.allocate(Packets.ETHERNET + header + Packets.UDP);
      Packets.ip(frame, none, none, protocol, guest, address, Packets.UDP);
      frame.putShort((short) guestPort).putShort((short) port);
      // UDP's length; of TCP it is the sequence number, which nobody has looked at yet.
      frame.putShort((short) Packets.UDP).putShort((short) 0);
      return frame.flip().position(Packets.ETHERNET).slice();
    }
  }

  /** Tells the guest that such a packet went nowhere. */
  void unreachable(Quote quote, Unreachable why);

  /** Tells the guest that the packet which begins there went nowhere; it was looked at before. */
  void unreachable(ByteBuffer frame, int at, Unreachable why);
}
