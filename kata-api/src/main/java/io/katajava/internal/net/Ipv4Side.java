package io.katajava.internal.net;

import java.nio.ByteBuffer;

/** IPv4: its header, and ICMP. Fragments are not put together. */
final class Ipv4Side implements FamilySide {
  private static final int ECHO_REQUEST = 8;
  private static final int UNREACHABLE = 3;
  private static final int HOST_UNREACHABLE = 1;
  private static final int PORT_UNREACHABLE = 3;
  private static final int PROHIBITED = 13;
  private static final int FRAGMENT = 0x3fff;

  private final UserNetworkSettings.Ends ends;
  private final GuestFrames frames;
  private final Receiver receiver;

  Ipv4Side(UserNetworkSettings.Ends ends, GuestFrames frames, Receiver receiver) {
    this.ends = ends;
    this.frames = frames;
    this.receiver = receiver;
  }

  @Override
  public void receive(ByteBuffer frame, int at) {
    int room = frame.limit() - at;
    if (room < Packets.IPV4 || frame.get(at) >> 4 != 4) {
      return;
    }
    int header = (frame.get(at) & 15) * 4;
    int total = frame.getShort(at + 2) & 0xffff;
    boolean whole = (frame.getShort(at + 6) & FRAGMENT) == 0;
    // Another address than its own is not the guest's to use.
    if (header < Packets.IPV4
        || total < header
        || total > room
        || !whole
        || !ends.guest().isAt(frame, at + 12)) {
      return;
    }
    int protocol = frame.get(at + 9);
    boolean ours = ends.gateway().isAt(frame, at + 16);
    if (protocol == Packets.PROTOCOL_ICMP) {
      if (ours) {
        echo(frame, at + header, total - header);
      }
    } else {
      Ip to = ours ? ends.gateway() : Ip.readV4(frame, at + 16);
      receiver.packet(frame, protocol, at + header, total - header, ends.guest(), to);
    }
  }

  private void echo(ByteBuffer frame, int at, int size) {
    if (size < 8 || frame.get(at) != ECHO_REQUEST) {
      return;
    }
    ByteBuffer reply = frames.begin(Packets.PROTOCOL_ICMP, ends.gateway(), ends.guest(), size);
    if (reply != null) {
      int start = reply.position();
      reply.putInt(0);
      reply.put(frame.duplicate().limit(at + size).position(at + 4));
      reply.putShort(start + 2, (short) ~Packets.fold(Packets.sum(reply, start, size)));
    }
  }

  @Override
  public void unreachable(ByteBuffer frame, int at, Unreachable why) {
    int header = (frame.get(at) & 15) * 4;
    int quoted = Math.min(header + 8, frame.limit() - at);
    error(ends.gateway(), frame.duplicate().limit(at + quoted).position(at), why);
  }

  @Override
  public void unreachable(Quote quote, Unreachable why) {
    // Whoever is at the address says that nobody is at the port.
    Ip from = why == Unreachable.PORT ? quote.address() : ends.gateway();
    error(from, quote.packet(ends.guest()), why);
  }

  private void error(Ip from, ByteBuffer quoted, Unreachable why) {
    int length = 8 + quoted.remaining();
    ByteBuffer error = frames.begin(Packets.PROTOCOL_ICMP, from, ends.guest(), length);
    if (error != null) {
      int start = error.position();
      int code =
          switch (why) {
            case PORT -> PORT_UNREACHABLE;
            case HOST -> HOST_UNREACHABLE;
            case PROHIBITED -> PROHIBITED;
          };
      error.put((byte) UNREACHABLE).put((byte) code).putShort((short) 0).putInt(0);
      error.put(quoted);
      error.putShort(start + 2, (short) ~Packets.fold(Packets.sum(error, start, length)));
    }
  }
}
