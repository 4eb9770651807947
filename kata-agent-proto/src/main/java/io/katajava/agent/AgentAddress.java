package io.katajava.agent;

import io.katajava.base.text.PathBytes;
import io.katajava.transport.UnixSocketConnection;
import java.nio.file.Path;

/**
 * The address of an agent: its transport and where it listens. The text form is a URI that {@link
 * #parse} understands: {@code serial:///run/vm/agent.sock}, {@code unix:///run/agent.sock}, {@code
 * hvsock:///run/vm/vsock.sock:1024}, {@code vsock://3:1024}, {@code tcp://127.0.0.1:1024}.
 */
public sealed interface AgentAddress {

  /** The port upstream's agent listens on, of vsock. */
  int DEFAULT_PORT = 1024;

  /**
   * A virtio-serial port of the guest behind the unix socket of QEMU's chardev. The stream opens
   * with the resynchronising preamble, which only the agent of this project speaks.
   *
   * @param socket the chardev's socket on the host
   */
  record SerialPort(Path socket) implements AgentAddress {
    /** Checks the length of the path. */
    public SerialPort {
      checkSocket(socket);
    }

    @Override
    public String toString() {
      return "serial://" + socket;
    }
  }

  /**
   * A unix socket of an agent on this machine.
   *
   * @param path the socket
   */
  record UnixSocket(Path path) implements AgentAddress {
    /** Checks the length of the path. */
    public UnixSocket {
      checkSocket(path);
    }

    @Override
    public String toString() {
      return "unix://" + path;
    }
  }

  /**
   * A vsock port of a guest behind a unix socket: the host writes {@code CONNECT port} first.
   *
   * @param socket the socket of the virtual machine monitor or of vhost-user-vsock
   * @param port the guest's port, unsigned
   */
  record HybridVsock(Path socket, int port) implements AgentAddress {
    /** Checks the length of the path. */
    public HybridVsock {
      checkSocket(socket);
    }

    @Override
    public String toString() {
      return "hvsock://" + socket + ":" + Integer.toUnsignedString(port);
    }
  }

  /**
   * A vsock port of a guest.
   *
   * @param cid context id of the guest, unsigned
   * @param port the guest's port, unsigned
   */
  record Vsock(int cid, int port) implements AgentAddress {
    @Override
    public String toString() {
      return "vsock://" + Integer.toUnsignedString(cid) + ":" + Integer.toUnsignedString(port);
    }
  }

  /**
   * A TCP port, for tools and tests; nothing is encrypted.
   *
   * @param host name or address
   * @param port 1 to 65535
   */
  record Tcp(String host, int port) implements AgentAddress {
    /** Checks the port. */
    public Tcp {
      if (port < 1 || port > 65_535) {
        throw new IllegalArgumentException("a TCP port is 1 to 65535 but this is " + port);
      }
    }

    @Override
    public String toString() {
      return "tcp://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /**
   * Reads the text form.
   *
   * @param text one of the URIs above; without a port, vsock and hvsock get {@value #DEFAULT_PORT}
   * @return the address
   * @throws IllegalArgumentException if it is none of them
   */
  static AgentAddress parse(String text) {
    int mark = text.indexOf("://");
    if (mark < 0) {
      throw invalid(text, "a scheme is missing");
    }
    String rest = text.substring(mark + 3);
    if (rest.isEmpty()) {
      throw invalid(text, "nothing follows the scheme");
    }
    int colon = rest.lastIndexOf(':');
    return switch (text.substring(0, mark)) {
      case "serial" -> new SerialPort(Path.of(rest));
      case "unix" -> new UnixSocket(Path.of(rest));
      case "hvsock" -> {
        if (colon > rest.lastIndexOf('/')) {
          yield new HybridVsock(
              Path.of(rest.substring(0, colon)), number(text, rest.substring(colon + 1)));
        }
        yield new HybridVsock(Path.of(rest), DEFAULT_PORT);
      }
      case "vsock" -> {
        if (colon < 0) {
          yield new Vsock(number(text, rest), DEFAULT_PORT);
        }
        yield new Vsock(
            number(text, rest.substring(0, colon)), number(text, rest.substring(colon + 1)));
      }
      case "tcp" -> {
        if (colon <= 0) {
          throw invalid(text, "a host and a port are needed");
        }
        String host = rest.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        yield new Tcp(
            bracketed ? host.substring(1, host.length() - 1) : host,
            number(text, rest.substring(colon + 1)));
      }
      default -> throw invalid(text, "the scheme is unknown");
    };
  }

  private static int number(String text, String digits) {
    try {
      return Integer.parseUnsignedInt(digits);
    } catch (NumberFormatException e) {
      throw invalid(text, "\"" + digits + "\" is not a number of 32 bits");
    }
  }

  private static IllegalArgumentException invalid(String text, String reason) {
    return new IllegalArgumentException(
        "not an agent address: "
            + text
            + " ("
            + reason
            + "); use serial://PATH, unix://PATH, hvsock://PATH:PORT, vsock://CID:PORT or"
            + " tcp://HOST:PORT");
  }

  private static void checkSocket(Path path) {
    int length = PathBytes.of(path).length;
    if (length > UnixSocketConnection.MAX_PATH_BYTES) {
      throw new IllegalArgumentException(
          "the path of a unix socket has at most "
              + UnixSocketConnection.MAX_PATH_BYTES
              + " bytes but "
              + path
              + " has "
              + length);
    }
  }
}
