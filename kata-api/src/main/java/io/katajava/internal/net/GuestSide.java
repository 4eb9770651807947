package io.katajava.internal.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The link to the guest and what belongs to it alone: Ethernet, ARP, the checks of IPv4 headers,
 * and ICMP. Used by the network's thread alone.
 */
final class GuestSide implements GuestFrames {
  static final int PORT_UNREACHABLE = 3;
  static final int PROHIBITED = 13;

  private static final int ARP_PACKET = 28;
  private static final int ARP_ETHERNET_IPV4 = 0x00010800;
  private static final int ARP_LENGTHS_AND_REQUEST = 0x06040001;
  private static final int ARP_LENGTHS_AND_REPLY = 0x06040002;
  private static final int ECHO_REQUEST = 8;
  private static final int UNREACHABLE = 3;
  private static final int FRAGMENT = 0x3fff;

  /** Receives packets that are not for the gateway itself to answer. */
  interface Receiver {
    /** The transport header begins at {@code at} in the frame, and has that size with its data. */
    void packet(ByteBuffer frame, int protocol, int at, int size, int to);
  }

  private final UserNetworkSettings settings;
  private final Receiver receiver;
  private final byte[] guestMac;
  private final byte[] ourMac = UserNetworkSettings.mac(UserNetworkSettings.GATEWAY_MAC);
  private @Nullable FrameLink link;

  GuestSide(UserNetworkSettings settings, Receiver receiver) {
    this.settings = settings;
    this.receiver = receiver;
    this.guestMac = UserNetworkSettings.mac(settings.guestMac());
  }

  void connect(FrameLink connected) {
    link = connected;
  }

  void disconnect() {
    FrameLink gone = link;
    link = null;
    if (gone != null) {
      gone.close();
    }
  }

  /** Returns false at the end of the link. */
  boolean receive() throws IOException {
    FrameLink from = link;
    return from != null && from.receive(this::frame);
  }

  /** Returns whether there is room for more. */
  boolean flush() throws IOException {
    FrameLink to = link;
    return to != null && to.flush();
  }

  @Override
  public int mtu() {
    return settings.mtu();
  }

  @Override
  public @Nullable ByteBuffer begin(int protocol, int from, int to, int length) {
    FrameLink out = link;
    if (out == null) {
      return null;
    }
    ByteBuffer frame = out.begin(Packets.ETHERNET + Packets.IPV4 + length);
    if (frame != null) {
      Packets.ipv4(frame, guestMac, ourMac, protocol, from, to, length);
    }
    return frame;
  }

  private void frame(ByteBuffer frame) {
    int start = frame.position();
    int type = frame.getShort(start + 12) & 0xffff;
    if (type == Packets.TYPE_ARP) {
      arp(frame, start + Packets.ETHERNET);
    } else if (type == Packets.TYPE_IPV4) {
      ipv4(frame, start + Packets.ETHERNET);
    }
  }

  private void arp(ByteBuffer frame, int at) {
    FrameLink out = link;
    if (frame.limit() - at < ARP_PACKET
        || frame.getInt(at) != ARP_ETHERNET_IPV4
        || frame.getInt(at + 4) != ARP_LENGTHS_AND_REQUEST
        || frame.getInt(at + 24) != settings.gateway()
        || out == null) {
      return;
    }
    ByteBuffer reply = out.begin(Packets.ETHERNET + ARP_PACKET);
    if (reply != null) {
      reply.put(guestMac).put(ourMac).putShort((short) Packets.TYPE_ARP);
      reply.putInt(ARP_ETHERNET_IPV4).putInt(ARP_LENGTHS_AND_REPLY);
      reply.put(ourMac).putInt(settings.gateway()).put(guestMac).putInt(settings.guest());
    }
  }

  private void ipv4(ByteBuffer frame, int at) {
    int room = frame.limit() - at;
    if (room < Packets.IPV4 || frame.get(at) >> 4 != 4) {
      return;
    }
    int header = (frame.get(at) & 15) * 4;
    int total = frame.getShort(at + 2) & 0xffff;
    boolean whole = (frame.getShort(at + 6) & FRAGMENT) == 0;
    // Another address than its own is not the guest's to use; fragments are not put together.
    if (header < Packets.IPV4
        || total < header
        || total > room
        || !whole
        || frame.getInt(at + 12) != settings.guest()) {
      return;
    }
    int protocol = frame.get(at + 9);
    int to = frame.getInt(at + 16);
    if (protocol == Packets.PROTOCOL_ICMP) {
      if (to == settings.gateway()) {
        echo(frame, at + header, total - header);
      }
    } else {
      receiver.packet(frame, protocol, at + header, total - header, to);
    }
  }

  private void echo(ByteBuffer frame, int at, int size) {
    if (size < 8 || frame.get(at) != ECHO_REQUEST) {
      return;
    }
    ByteBuffer reply = begin(Packets.PROTOCOL_ICMP, settings.gateway(), settings.guest(), size);
    if (reply != null) {
      int start = reply.position();
      reply.putInt(0);
      reply.put(frame.duplicate().limit(at + size).position(at + 4));
      reply.putShort(start + 2, (short) ~Packets.fold(Packets.sum(reply, start, size)));
    }
  }

  /** Tells the guest that its packet went nowhere. */
  void unreachable(ByteBuffer frame, int code) {
    int at = frame.position() + Packets.ETHERNET;
    int header = (frame.get(at) & 15) * 4;
    int quoted = Math.min(header + 8, frame.limit() - at);
    ByteBuffer error =
        begin(Packets.PROTOCOL_ICMP, settings.gateway(), settings.guest(), 8 + quoted);
    if (error != null) {
      int start = error.position();
      error.put((byte) UNREACHABLE).put((byte) code).putShort((short) 0).putInt(0);
      error.put(frame.duplicate().limit(at + quoted).position(at));
      error.putShort(start + 2, (short) ~Packets.fold(Packets.sum(error, start, 8 + quoted)));
    }
  }
}
