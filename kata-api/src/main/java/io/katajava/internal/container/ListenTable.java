package io.katajava.internal.container;

import java.util.Set;
import java.util.TreeSet;

/** The kernel's tables of TCP sockets, {@code /proc/net/tcp} and {@code tcp6}. */
final class ListenTable {
  /** TCP_LISTEN of include/net/tcp_states.h. */
  private static final String LISTENS = "0A";

  private ListenTable() {}

  /**
   * Reads the ports of listening sockets.
   *
   * @param text the tables' lines, any number of headers and other states among them; malformed
   *     ones count for nothing
   */
  static Set<Integer> ports(String text) {
    Set<Integer> ports = new TreeSet<>();
    text.lines()
        .map(line -> line.strip().split("\\s+"))
        .filter(fields -> fields.length > 3 && fields[3].equals(LISTENS))
        .map(fields -> fields[1].substring(fields[1].lastIndexOf(':') + 1))
        .filter(port -> port.matches("[0-9A-Fa-f]{4}"))
        .forEach(port -> ports.add(Integer.parseInt(port, 16)));
    return ports;
  }
}
