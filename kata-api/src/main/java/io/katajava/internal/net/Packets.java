package io.katajava.internal.net;

import java.nio.ByteBuffer;

/** Where things are in Ethernet, ARP, IP, ICMP, UDP and TCP headers, and their checksums. */
final class Packets {
  static final int ETHERNET = 14;
  static final int IPV4 = 20;
  static final int IPV6 = 40;
  static final int TCP = 20;
  static final int UDP = 8;

  static final int TYPE_IPV4 = 0x0800;
  static final int TYPE_ARP = 0x0806;
  static final int TYPE_IPV6 = 0x86dd;

  static final int PROTOCOL_ICMP = 1;
  static final int PROTOCOL_TCP = 6;
  static final int PROTOCOL_UDP = 17;
  static final int PROTOCOL_ICMPV6 = 58;

  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int PSH = 8;
  static final int ACK = 16;

  /** Neighbours believe only what no router has handed on (RFC 4861, 7.1). */
  static final int FROM_THE_LINK = 255;

  private static final int TTL = 64;
  private static final int DONT_FRAGMENT = 0x4000;

  private Packets() {}

  /** How long our IP headers are. */
  static int header(Ip address) {
    return address.isIpv6() ? IPV6 : IPV4;
  }

  /** Writes Ethernet's and IP's header at the buffer's position; the lengths are known. */
  static void ip(
      ByteBuffer to, byte[] guestMac, byte[] ourMac, int protocol, Ip from, Ip dest, int payload) {
    to.put(guestMac).put(ourMac);
    if (from.isIpv6()) {
      int hops = protocol == PROTOCOL_ICMPV6 ? FROM_THE_LINK : TTL;
      to.putShort((short) TYPE_IPV6).putInt(0x60000000).putShort((short) payload);
      to.put((byte) protocol).put((byte) hops);
      from.write(to);
      dest.write(to);
      return;
    }
    to.putShort((short) TYPE_IPV4);
    int start = to.position();
    to.putShort((short) 0x4500);
    to.putShort((short) (IPV4 + payload));
    to.putShort((short) 0);
    to.putShort((short) DONT_FRAGMENT);
    to.put((byte) TTL).put((byte) protocol).putShort((short) 0);
    from.write(to);
    dest.write(to);
    to.putShort(start + 10, (short) ~fold(sum(to, start, IPV4)));
  }

  /** The checksum of what is over IP, with a pseudo header; the field itself holds zero. */
  static short transportChecksum(
      ByteBuffer of, int start, int length, int protocol, Ip from, Ip dest) {
    long sum = sum(of, start, length);
    sum += from.sum() + dest.sum() + protocol + length;
    short result = (short) ~fold(sum);
    // Zero would mean that there is none (RFC 768).
    return protocol == PROTOCOL_UDP && result == 0 ? -1 : result;
  }

  /** The sum of big-endian words, not folded yet. It cannot overflow: a packet is below 64 KiB. */
  static long sum(ByteBuffer of, int start, int length) {
    long sum = 0;
    int at = start;
    int end = start + length;
    for (; at + 8 <= end; at += 8) {
      long eight = of.getLong(at);
      sum += (eight >>> 32) + (eight & 0xffffffffL);
    }
    for (; at + 2 <= end; at += 2) {
      sum += of.getShort(at) & 0xffff;
    }
    if (at < end) {
      sum += (of.get(at) & 0xff) << 8;
    }
    return sum;
  }

  static int fold(long sum) {
    long folded = (sum >>> 32) + (sum & 0xffffffffL);
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (int) folded;
  }
}
