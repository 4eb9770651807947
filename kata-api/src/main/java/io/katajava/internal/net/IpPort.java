package io.katajava.internal.net;

import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A port of an address.
 *
 * @param address the address
 * @param port 1 to 65535
 */
public record IpPort(Ip address, int port) {
  private static final Pattern BRACKETS = Pattern.compile("\\[([^\\]]*)\\](?::(\\d{1,5}))?");
  private static final Pattern PLAIN = Pattern.compile("([0-9.]+)(?::(\\d{1,5}))?");

  /**
   * Reads {@code 192.0.2.1}, {@code 192.0.2.1:53}, {@code 2001:db8::1} or {@code [2001:db8::1]:53}.
   *
   * @param text one of these
   * @param usual the port where none is given
   * @return both
   * @throws IllegalArgumentException if it is none
   */
  public static IpPort parse(String text, int usual) {
    Matcher matcher = (text.startsWith("[") ? BRACKETS : PLAIN).matcher(text);
    if (!matcher.matches()) {
      return new IpPort(Ip.parse(text), usual);
    }
    Ip address = Ip.parse(matcher.group(1));
    if (address.isIpv6() != text.startsWith("[")) {
      throw new IllegalArgumentException("'" + text + "' is no address with a port");
    }
    int port = matcher.group(2) == null ? usual : Integer.parseInt(matcher.group(2));
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("a port is 1 to 65535, got " + port + " in " + text);
    }
    return new IpPort(address, port);
  }

  /**
   * For the JDK.
   *
   * @return the same; nothing is looked up
   */
  public InetSocketAddress socket() {
    return new InetSocketAddress(address.inet(), port);
  }
}
