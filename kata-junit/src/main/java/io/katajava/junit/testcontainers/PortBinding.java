package io.katajava.junit.testcontainers;

import io.katajava.PublishedPort;
import io.katajava.PublishedPort.Protocol;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A port of the host for one of a container, in Docker's form. */
final class PortBinding {
  private static final Pattern FORM =
      Pattern.compile(
          "(?:(?:(?<address>\\[[^]]+]|[^:]+):)?(?<host>[0-9]*):)?(?<guest>[0-9]+)(?:/(?<protocol>tcp|udp))?");

  private PortBinding() {}

  static PublishedPort parse(String binding) {
    Matcher parts = FORM.matcher(binding.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "a port is bound with [[ADDRESS:]HOST:]CONTAINER[/tcp|/udp], got '" + binding + "'");
    }
    int guest = Integer.parseInt(parts.group("guest"));
    PublishedPort port =
        parts.group("protocol") == null || parts.group("protocol").equals("tcp")
            ? PublishedPort.tcp(guest)
            : PublishedPort.udp(guest);
    String host = parts.group("host");
    if (host != null && !host.isEmpty()) {
      port = port.onHostPort(Integer.parseInt(host));
    }
    String address = parts.group("address");
    return address == null ? port : port.onHostAddress(address.replaceAll("[\\[\\]]", ""));
  }

  static String text(PublishedPort port) {
    String host = port.hostAddress().map(address -> address.getHostAddress()).orElse("");
    return (host.contains(":") ? "[" + host + "]:" : host.isEmpty() ? "" : host + ":")
        + port.hostPort()
        + ":"
        + port.guestPort()
        + (port.protocol() == Protocol.UDP ? "/udp" : "/tcp");
  }
}
