package io.katajava.internal.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which IPv6 addresses the host can send to, as its kernel says; nothing is sent. */
final class HostRoutes {
  private static final Logger log = LoggerFactory.getLogger(HostRoutes.class);
  private static final IpRange GLOBAL = IpRange.parse("2000::/3");

  private static final int ANY_PORT = 9;

  private HostRoutes() {}

  /**
   * Whether there is a route, and an address of the host with which answers would find back: one
   * that is private does not for a public address.
   */
  static boolean lead(Ip to) {
    try (DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET6)) {
      channel.connect(new InetSocketAddress(to.inet(), ANY_PORT));
      Ip own = Ip.of(((InetSocketAddress) channel.getLocalAddress()).getAddress());
      return !GLOBAL.contains(to) || GLOBAL.contains(own);
    } catch (IOException | RuntimeException e) {
      // A JVM without IPv6 throws UnsupportedOperationException.
      log.debug("there is no way to {}: {}", to, e.toString());
      return false;
    }
  }
}
