package io.katajava.internal.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/**
 * A datagram without data (RFC 768 has them). The JDK does not send one from a channel that is
 * connected: writing nothing is nothing to it. So another channel sends it, which is not connected
 * and has the same port for that moment; what comes meanwhile finds the connected one.
 */
final class EmptyDatagram {
  private EmptyDatagram() {}

  static void send(DatagramChannel from, InetSocketAddress to) throws IOException {
    boolean ipv6 = to.getAddress() instanceof java.net.Inet6Address;
    from.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    try (DatagramChannel second =
        DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET)) {
      second.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      second.bind(from.getLocalAddress());
      second.send(ByteBuffer.allocate(0), to);
    } finally {
      from.setOption(StandardSocketOptions.SO_REUSEADDR, false);
    }
  }
}
