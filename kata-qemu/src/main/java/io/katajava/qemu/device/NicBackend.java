package io.katajava.qemu.device;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What a network card is connected to: QEMU's {@code -netdev}. */
public sealed interface NicBackend {

  /**
   * A network inside QEMU, with no privilege on the host: {@code -netdev user}. The guest reaches
   * out through the host's sockets, and is reached only at forwarded ports.
   *
   * @param restricted whether the guest reaches nothing but the forwarded ports' peers
   * @param forwards ports of the host that lead into the guest
   */
  record User(boolean restricted, List<Forward> forwards) implements NicBackend {
    /** Copies the list. */
    public User {
      forwards = List.copyOf(forwards);
    }

    /**
     * A network without forwarded ports.
     *
     * @return the network
     */
    public static User network() {
      return new User(false, List.of());
    }
  }

  /**
   * A port of the host's loopback that leads into the guest, over TCP.
   *
   * @param hostPort on 127.0.0.1; 0 lets the system choose
   * @param guestPort in the guest
   */
  record Forward(int hostPort, int guestPort) {
    /**
     * Checks the ports.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Forward {
      if (hostPort < 0 || hostPort > 65535 || guestPort < 1 || guestPort > 65535) {
        throw new IllegalArgumentException(
            "a port of the host is 0 to 65535 and one of the guest 1 to 65535, got "
                + hostPort
                + " and "
                + guestPort);
      }
    }
  }

  /**
   * A TAP interface that exists already and that QEMU's user may open: {@code -netdev tap}.
   *
   * @param interfaceName its name on the host
   * @param vhost whether the kernel moves the packets ({@code /dev/vhost-net})
   */
  record Tap(String interfaceName, boolean vhost) implements NicBackend {
    private static final Pattern NAME = Pattern.compile("[^/\\s,=]{1,15}");

    /**
     * Checks the name.
     *
     * @throws IllegalArgumentException if it is not one of an interface
     */
    public Tap {
      if (!NAME.matcher(interfaceName).matches()) {
        throw new IllegalArgumentException(
            "'" + interfaceName + "' is not the name of a network interface");
      }
    }
  }

  /**
   * A passt daemon, or any that speaks its protocol: {@code -netdev stream} over a unix socket.
   *
   * @param socket where it listens
   */
  record Passt(Path socket) implements NicBackend {
    /**
     * Checks the path.
     *
     * @throws IllegalArgumentException if it is no path of a socket
     */
    public Passt {
      DeviceChecks.socket(socket);
    }
  }
}
