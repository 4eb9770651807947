package io.katajava.internal.net;

import java.nio.ByteBuffer;

/**
 * IPv6: its header, neighbour discovery and ICMPv6. Packets with extension headers, fragments among
 * them, are dropped; so are the guest's words to routers and listeners, who are not there.
 */
final class Ipv6Side implements FamilySide {
  private static final int UNREACHABLE = 1;
  private static final int PROHIBITED = 1;
  private static final int ADDRESS_UNREACHABLE = 3;
  private static final int PORT_UNREACHABLE = 4;
  private static final int ECHO_REQUEST = 128;
  private static final int ECHO_REPLY = 129;
  private static final int SOLICITATION = 135;
  private static final int ADVERTISEMENT = 136;

  /** Router, solicited, override. */
  private static final int ADVERTISED = 0xe0000000;

  private static final int TARGET_LINK_ADDRESS = 2;

  /** What precedes the address that is asked for. */
  private static final int TARGET = 8;

  private static final int SOLICITATION_LENGTH = TARGET + 16;
  private static final int ADVERTISEMENT_LENGTH = SOLICITATION_LENGTH + 8;

  /** Errors are not longer than what every link carries (RFC 4443, 2.4). */
  private static final int LEAST_MTU = 1280;

  private static final IpRange LINK_LOCAL = IpRange.parse("fe80::/10");

  private final UserNetworkSettings.Ends ends;
  private final GuestFrames frames;
  private final Receiver receiver;
  private final byte[] ourMac;

  Ipv6Side(UserNetworkSettings.Ends ends, GuestFrames frames, Receiver receiver, byte[] ourMac) {
    this.ends = ends;
    this.frames = frames;
    this.receiver = receiver;
    this.ourMac = ourMac.clone();
  }

  @Override
  public void receive(ByteBuffer frame, int at) {
    int room = frame.limit() - at;
    if (room < Packets.IPV6 || (frame.get(at) & 0xf0) != 0x60) {
      return;
    }
    int size = frame.getShort(at + 4) & 0xffff;
    int protocol = frame.get(at + 6);
    if (size > room - Packets.IPV6) {
      return;
    }
    int begin = at + Packets.IPV6;
    if (protocol == Packets.PROTOCOL_ICMPV6) {
      boolean fromLink = (frame.get(at + 7) & 0xff) == Packets.FROM_THE_LINK;
      control(frame, begin, size, Ip.readV6(frame, at + 8), at + 24, fromLink);
    } else if (ends.guest().isAt(frame, at + 8)) {
      // Another address than its own is not the guest's to use.
      Ip to = ends.gateway().isAt(frame, at + 24) ? ends.gateway() : Ip.readV6(frame, at + 24);
      receiver.packet(frame, protocol, begin, size, ends.guest(), to);
    }
  }

  private void control(
      ByteBuffer frame, int at, int size, Ip from, int destination, boolean fromLink) {
    // Interfaces have an address of the link beside ours.
    if (size < 8 || !(from.equals(ends.guest()) || LINK_LOCAL.contains(from))) {
      return;
    }
    int type = frame.get(at) & 0xff;
    if (type == ECHO_REQUEST && ends.gateway().isAt(frame, destination)) {
      message(
          ends.gateway(),
          from,
          ECHO_REPLY,
          0,
          size,
          frame.duplicate().limit(at + size).position(at + 4));
    } else if (type == SOLICITATION
        && fromLink
        && frame.get(at + 1) == 0
        && size >= SOLICITATION_LENGTH
        && ends.gateway().isAt(frame, at + TARGET)) {
      ByteBuffer answer = ByteBuffer.allocate(ADVERTISEMENT_LENGTH - 4).putInt(ADVERTISED);
      ends.gateway().write(answer);
      answer.put((byte) TARGET_LINK_ADDRESS).put((byte) 1).put(ourMac);
      message(ends.gateway(), from, ADVERTISEMENT, 0, ADVERTISEMENT_LENGTH, answer.flip());
    }
  }

  /** A message of that length; what follows type, code and checksum is given. */
  private void message(Ip from, Ip to, int type, int code, int length, ByteBuffer... rest) {
    ByteBuffer message = frames.begin(Packets.PROTOCOL_ICMPV6, from, to, length);
    if (message == null) {
      return;
    }
    int start = message.position();
    message.put((byte) type).put((byte) code).putShort((short) 0);
    for (ByteBuffer part : rest) {
      message.put(part);
    }
    short sum =
        Packets.transportChecksum(message, start, length, Packets.PROTOCOL_ICMPV6, from, to);
    message.putShort(start + 2, sum);
  }

  @Override
  public void unreachable(ByteBuffer frame, int at, Unreachable why) {
    int quoted = Math.min(LEAST_MTU - Packets.IPV6 - 8, frame.limit() - at);
    error(ends.gateway(), frame.duplicate().limit(at + quoted).position(at), why);
  }

  @Override
  public void unreachable(Quote quote, Unreachable why) {
    // Whoever is at the address says that nobody is at the port.
    Ip from = why == Unreachable.PORT ? quote.address() : ends.gateway();
    error(from, quote.packet(ends.guest()), why);
  }

  private void error(Ip from, ByteBuffer quoted, Unreachable why) {
    int code =
        switch (why) {
          case PORT -> PORT_UNREACHABLE;
          case HOST -> ADDRESS_UNREACHABLE;
          case PROHIBITED -> PROHIBITED;
        };
    int length = 8 + quoted.remaining();
    message(from, ends.guest(), UNREACHABLE, code, length, ByteBuffer.allocate(4), quoted);
  }
}
