package io.katajava;

import io.katajava.internal.net.Ip;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;

/**
 * A port of the guest that programs of the host can reach.
 *
 * @param protocol TCP or UDP
 * @param guestPort in the guest, 1 to 65535
 * @param hostAddress the host's address it listens on; the IPv4 loopback when absent
 * @param hostPort the host's port; 0 lets the system choose a free one
 */
public record PublishedPort(
    Protocol protocol, int guestPort, Optional<InetAddress> hostAddress, int hostPort) {

  /** A transport protocol over IP. */
  public enum Protocol {
    /** A stream of bytes. */
    TCP,
    /** Datagrams. */
    UDP;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Checks the ports.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public PublishedPort {
    if (guestPort < 1 || guestPort > 65535) {
      throw new IllegalArgumentException("a port of the guest is 1 to 65535, got " + guestPort);
    }
    if (hostPort < 0 || hostPort > 65535) {
      throw new IllegalArgumentException("a port of the host is 0 to 65535, got " + hostPort);
    }
  }

  /**
   * A TCP port, at a free port of the host's loopback.
   *
   * @param guestPort in the guest
   * @return the port
   */
  public static PublishedPort tcp(int guestPort) {
    return new PublishedPort(Protocol.TCP, guestPort, Optional.empty(), 0);
  }

  /**
   * A UDP port, at a free port of the host's loopback.
   *
   * @param guestPort in the guest
   * @return the port
   */
  public static PublishedPort udp(int guestPort) {
    return new PublishedPort(Protocol.UDP, guestPort, Optional.empty(), 0);
  }

  /**
   * The same at this port of the host.
   *
   * @param port 0 for a free one
   * @return a port
   */
  public PublishedPort onHostPort(int port) {
    return new PublishedPort(protocol, guestPort, hostAddress, port);
  }

  /**
   * The same at this address of the host. Another than the loopback's lets other machines in.
   *
   * @param address an address of the host, or the wildcard
   * @return a port
   */
  public PublishedPort onHostAddress(InetAddress address) {
    return new PublishedPort(protocol, guestPort, Optional.of(address), hostPort);
  }

  /**
   * As {@link #onHostAddress(InetAddress)}.
   *
   * @param address an address in its usual notation, such as {@code ::1}; names are none
   * @return a port
   * @throws IllegalArgumentException if it is none
   */
  public PublishedPort onHostAddress(String address) {
    return onHostAddress(Ip.parse(address).inet());
  }

  @Override
  public String toString() {
    return guestPort + "/" + protocol;
  }
}
