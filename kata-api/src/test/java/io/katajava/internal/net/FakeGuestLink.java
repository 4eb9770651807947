package io.katajava.internal.net;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A guest of a few packets, in place of the hypervisor at a network's socket. */
final class FakeGuestLink implements AutoCloseable {
  static final Ip GUEST = Ip.parse("10.0.2.15");
  static final Ip GATEWAY = Ip.parse("10.0.2.2");
  static final Ip GUEST6 = Ip.parse("fd00:2::15");
  static final Ip GATEWAY6 = Ip.parse("fd00:2::2");
  static final String MAC = "02:00:00:00:00:15";
  private static final int PATIENCE_SECONDS = 60;

  /** A packet from the network: the transport's header and data. */
  record Packet(int protocol, Ip from, Ip to, ByteBuffer content) {
    int port() {
      return content.getShort(0) & 0xffff;
    }

    int guestPort() {
      return content.getShort(2) & 0xffff;
    }

    int sequence() {
      return content.getInt(4);
    }

    int acknowledgment() {
      return content.getInt(8);
    }

    int flags() {
      return content.get(13);
    }

    int window() {
      return content.getShort(14) & 0xffff;
    }

    byte[] data() {
      int header = protocol == Packets.PROTOCOL_TCP ? (content.get(12) >> 4 & 15) * 4 : 8;
      byte[] data = new byte[content.limit() - header];
      content.duplicate().position(header).get(data);
      return data;
    }
  }

  private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
  private final BlockingQueue<Packet> packets = new LinkedBlockingQueue<>();
  private final Thread reader = new Thread(this::read, "fake-guest");

  FakeGuestLink(Path socket) throws IOException {
    channel.connect(UnixDomainSocketAddress.of(socket));
    reader.start();
  }

  private void read() {
    try (DataInputStream in = new DataInputStream(Channels.newInputStream(channel))) {
      while (true) {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        ByteBuffer ip = ByteBuffer.wrap(frame);
        boolean ipv6 = ip.getShort(12) == (short) Packets.TYPE_IPV6;
        if (!ipv6 && ip.getShort(12) != Packets.TYPE_IPV4) {
          continue;
        }
        int header = Packets.ETHERNET + (ipv6 ? Packets.IPV6 : Packets.IPV4);
        if (!ipv6 && Packets.fold(Packets.sum(ip, Packets.ETHERNET, Packets.IPV4)) != 0xffff) {
          throw new AssertionError("checksum of an IP header");
        }
        int size =
            ipv6
                ? ip.getShort(Packets.ETHERNET + 4) & 0xffff
                : ip.getShort(Packets.ETHERNET + 2) - Packets.IPV4 & 0xffff;
        byte[] content = Arrays.copyOfRange(frame, header, header + size);
        int protocol = ip.get(Packets.ETHERNET + (ipv6 ? 6 : 9));
        Ip from = ipv6 ? Ip.readV6(ip, Packets.ETHERNET + 8) : Ip.readV4(ip, Packets.ETHERNET + 12);
        Ip to = ipv6 ? Ip.readV6(ip, Packets.ETHERNET + 24) : Ip.readV4(ip, Packets.ETHERNET + 16);
        if (protocol != Packets.PROTOCOL_ICMP
            && transportSum(content, protocol, from, to)
                != (protocol == Packets.PROTOCOL_UDP ? -1 : 0)
            && transportSum(content, protocol, from, to) != 0) {
          throw new AssertionError("checksum of protocol " + protocol);
        }
        packets.add(new Packet(protocol, from, to, ByteBuffer.wrap(content)));
      }
    } catch (EOFException e) {
      // The network closed.
      return;
    } catch (IOException e) {
      return;
    }
  }

  /** Zero when the sum in the packet is right. */
  private static short transportSum(byte[] content, int protocol, Ip from, Ip to) {
    return Packets.transportChecksum(
        ByteBuffer.wrap(content), 0, content.length, protocol, from, to);
  }

  Packet next() throws InterruptedException {
    Packet packet = packets.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (packet == null) {
      throw new AssertionError("no packet came");
    }
    return packet;
  }

  /** The next segment with all of these flags. */
  Packet next(int flags) throws InterruptedException {
    while (true) {
      Packet packet = next();
      if (packet.protocol() == Packets.PROTOCOL_TCP && (packet.flags() & flags) == flags) {
        return packet;
      }
    }
  }

  void frame(byte[] frame) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 + frame.length);
    bytes.putInt(frame.length).put(frame).flip();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  void raw(byte[] bytes) throws IOException {
    ByteBuffer all = ByteBuffer.wrap(bytes);
    while (all.hasRemaining()) {
      channel.write(all);
    }
  }

  void ip(int protocol, Ip to, byte[] content) throws IOException {
    ip(protocol, to.isIpv6() ? GUEST6 : GUEST, to, content);
  }

  void ip(int protocol, Ip from, Ip to, byte[] content) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(Packets.ETHERNET + Packets.header(to) + content.length);
    byte[] mac = UserNetworkSettings.mac(MAC);
    Packets.ip(frame, mac, mac, protocol, from, to, content.length);
    frame(frame.put(content).array());
  }

  void udp(Ip to, int from, int port, byte[] data) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(8 + data.length);
    content.putShort((short) from).putShort((short) port).putShort((short) (8 + data.length));
    content.putShort((short) 0).put(data);
    ip(Packets.PROTOCOL_UDP, to, content.array());
  }

  /** A segment; a window of 65535 and, in the first one, no options. */
  void tcp(Ip to, int from, int port, int flags, int sequence, int acknowledgment, byte[] data)
      throws IOException {
    segment(to, from, port, flags, sequence, acknowledgment, 0xffff, data);
  }

  void segment(
      Ip to,
      int from,
      int port,
      int flags,
      int sequence,
      int acknowledgment,
      int window,
      byte[] data)
      throws IOException {
    ByteBuffer content = ByteBuffer.allocate(Packets.TCP + data.length);
    content.putShort((short) from).putShort((short) port).putInt(sequence).putInt(acknowledgment);
    content.put((byte) 0x50).put((byte) flags).putShort((short) window).putInt(0).put(data);
    ip(Packets.PROTOCOL_TCP, to, content.array());
  }

  @Override
  public void close() throws IOException {
    channel.close();
    try {
      reader.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
