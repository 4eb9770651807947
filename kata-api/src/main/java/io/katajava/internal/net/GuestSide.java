package io.katajava.internal.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The link to the guest and what belongs to it alone: Ethernet and ARP. Used by the network's
 * thread alone.
 */
final class GuestSide implements GuestFrames {
  private static final int ARP_PACKET = 28;
  private static final int ARP_ETHERNET_IPV4 = 0x00010800;
  private static final int ARP_LENGTHS_AND_REQUEST = 0x06040001;
  private static final int ARP_LENGTHS_AND_REPLY = 0x06040002;

  private final UserNetworkSettings settings;
  private final FamilySide ipv4;
  private final @Nullable FamilySide ipv6;
  private final byte[] guestMac;
  private final byte[] ourMac = UserNetworkSettings.mac(UserNetworkSettings.GATEWAY_MAC);
  private @Nullable FrameLink link;

  GuestSide(UserNetworkSettings settings, FamilySide.Receiver receiver) {
    this.settings = settings;
    this.guestMac = UserNetworkSettings.mac(settings.guestMac());
    this.ipv4 = new Ipv4Side(settings.ipv4(), this, receiver);
    this.ipv6 =
        settings.ipv6().map(ends -> new Ipv6Side(ends, this, receiver, ourMac)).orElse(null);
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
  public int longestPayload(Ip address) {
    return settings.mtu() - Packets.header(address);
  }

  @Override
  public Ip guest(Ip peer) {
    return settings.ends(peer).guest();
  }

  @Override
  public @Nullable ByteBuffer begin(int protocol, Ip from, Ip to, int length) {
    FrameLink out = link;
    if (out == null) {
      return null;
    }
    ByteBuffer frame = out.begin(Packets.ETHERNET + Packets.header(from) + length);
    if (frame != null) {
      Packets.ip(frame, guestMac, ourMac, protocol, from, to, length);
    }
    return frame;
  }

  private void frame(ByteBuffer frame) {
    int at = frame.position() + Packets.ETHERNET;
    if (type(frame) == Packets.TYPE_ARP) {
      arp(frame, at);
      return;
    }
    FamilySide side = side(frame);
    if (side != null) {
      side.receive(frame, at);
    }
  }

  private static int type(ByteBuffer frame) {
    return frame.getShort(frame.position() + Packets.ETHERNET - 2) & 0xffff;
  }

  private @Nullable FamilySide side(ByteBuffer frame) {
    return switch (type(frame)) {
      case Packets.TYPE_IPV4 -> ipv4;
      case Packets.TYPE_IPV6 -> ipv6;
      default -> null;
    };
  }

  private void arp(ByteBuffer frame, int at) {
    FrameLink out = link;
    UserNetworkSettings.Ends ends = settings.ipv4();
    if (frame.limit() - at < ARP_PACKET
        || frame.getInt(at) != ARP_ETHERNET_IPV4
        || frame.getInt(at + 4) != ARP_LENGTHS_AND_REQUEST
        || !ends.gateway().isAt(frame, at + 24)
        || out == null) {
      return;
    }
    ByteBuffer reply = out.begin(Packets.ETHERNET + ARP_PACKET);
    if (reply != null) {
      reply.put(guestMac).put(ourMac).putShort((short) Packets.TYPE_ARP);
      reply.putInt(ARP_ETHERNET_IPV4).putInt(ARP_LENGTHS_AND_REPLY);
      reply.put(ourMac);
      ends.gateway().write(reply);
      reply.put(guestMac);
      ends.guest().write(reply);
    }
  }

  /** Tells the guest that its packet, which was received, went nowhere. */
  void unreachable(ByteBuffer frame, FamilySide.Unreachable why) {
    FamilySide side = side(frame);
    if (side != null) {
      side.unreachable(frame, frame.position() + Packets.ETHERNET, why);
    }
  }

  /** Tells the guest that a packet of its own, which is gone, went nowhere. */
  void unreachable(FamilySide.Quote quote, FamilySide.Unreachable why) {
    FamilySide side = quote.address().isIpv6() ? ipv6 : ipv4;
    if (side != null) {
      side.unreachable(quote, why);
    }
  }
}
