package io.katajava;

import io.katajava.PublishedPort.Protocol;
import io.katajava.internal.net.Ip;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The description of a network to which a sandbox's network card is connected. Without one, which
 * is the default, the guest has no network but its own loopback.
 */
public sealed interface Network {

  /**
   * No network card: the default.
   *
   * @return that network
   */
  static Network none() {
    return new None();
  }

  /**
   * A network of the JVM's own sockets that needs no privilege, with the defaults: no port is
   * published, and the public internet is reached.
   *
   * @return that network
   */
  static Network user() {
    return user(settings -> {});
  }

  /**
   * A network of the JVM's own sockets, which needs no privilege.
   *
   * @param settings what differs from the defaults
   * @return that network
   */
  static Network user(Consumer<UserBuilder> settings) {
    UserBuilder builder = new UserBuilder();
    settings.accept(builder);
    return builder.build();
  }

  /**
   * A TAP interface of the host that exists already. Whoever made it set it up and filters what
   * goes through it.
   *
   * @param interfaceName its name on the host
   * @param guest how the guest's end is set up
   * @return that network
   */
  static Network tap(String interfaceName, Consumer<GuestInterface.Builder> guest) {
    return new Tap(interfaceName, built(guest));
  }

  /**
   * A bridge of the host. A TAP interface is made for the sandbox, put into the bridge, and removed
   * with it. Needs root.
   *
   * @param bridge the bridge's name on the host
   * @param guest how the guest's end is set up
   * @return that network
   */
  static Network bridge(String bridge, Consumer<GuestInterface.Builder> guest) {
    return new Bridge(bridge, built(guest));
  }

  /**
   * A network namespace of the host: the guest takes the place of each of its Ethernet interfaces,
   * with their addresses, routes, MTU and link addresses. Needs root.
   *
   * @param namespace a name as {@code ip netns} has it, or an absolute path
   * @return that network
   */
  static Network namespace(String namespace) {
    return new Namespace(
        namespace.startsWith("/")
            ? Path.of(namespace)
            : Path.of("/var/run/netns").resolve(Checks.name("network namespace", namespace)));
  }

  private static GuestInterface built(Consumer<GuestInterface.Builder> settings) {
    GuestInterface.Builder builder = new GuestInterface.Builder();
    settings.accept(builder);
    return builder.build();
  }

  /** No network card. */
  record None() implements Network {}

  /**
   * A network of the JVM's own sockets. The guest's TCP connections and UDP datagrams end in the
   * JVM, which asks the policy and goes on with a socket of its own.
   *
   * @param published ports of the guest that programs of the host reach
   * @param publishesExposed whether ports that images expose are published, too
   * @param egress where the guest may connect to
   * @param relays services of the host that the guest reaches
   * @param guest the guest's end; its address decides the subnet
   */
  record User(
      List<PublishedPort> published,
      boolean publishesExposed,
      EgressPolicy egress,
      List<Relay> relays,
      GuestInterface guest)
      implements Network {
    /** Copies the lists. */
    public User {
      published = List.copyOf(published);
      relays = List.copyOf(relays);
    }
  }

  /**
   * A TAP interface that exists.
   *
   * @param interfaceName its name on the host
   * @param guest the guest's end
   */
  record Tap(String interfaceName, GuestInterface guest) implements Network {
    /** Checks the name. */
    public Tap {
      Checks.interfaceName(interfaceName);
    }
  }

  /**
   * A bridge.
   *
   * @param bridge its name on the host
   * @param guest the guest's end
   */
  record Bridge(String bridge, GuestInterface guest) implements Network {
    /** Checks the name. */
    public Bridge {
      Checks.interfaceName(bridge);
    }
  }

  /**
   * A network namespace of the host.
   *
   * @param path the file it is bound to
   */
  record Namespace(Path path) implements Network {}

  /**
   * A service of the host that the guest reaches at a port of its gateway.
   *
   * @param name a host name the containers have for the gateway; absent when they use its address
   * @param guestPort the port of the gateway
   * @param socket the service's unix socket; absent when it is a port
   * @param hostPort the service's port on the host's loopback; 0 when it is a unix socket
   */
  record Relay(Optional<String> name, int guestPort, Optional<Path> socket, int hostPort) {}

  /** Collects the settings of a user network. Not safe for several threads. */
  final class UserBuilder {
    private final List<PublishedPort> published = new ArrayList<>();
    private boolean publishesExposed;
    private final List<Relay> relays = new ArrayList<>();
    private EgressPolicy egress = EgressPolicy.publicInternet();
    private GuestInterface guest = GuestInterface.DEFAULT;

    private UserBuilder() {}

    /**
     * Publishes TCP ports of the guest at free ports of the host's loopback; {@link
     * Sandbox#mappedPort(int)} tells which. Default: none is published.
     *
     * @param guestPorts ports in the guest
     * @return this
     */
    public UserBuilder publish(int... guestPorts) {
      for (int port : guestPorts) {
        publish(PublishedPort.tcp(port));
      }
      return this;
    }

    /**
     * Publishes a port of the guest.
     *
     * @param port what is published, and where
     * @return this
     * @throws IllegalArgumentException if the port of the guest is published already, or the port
     *     of the host is another one's
     */
    public UserBuilder publish(PublishedPort port) {
      for (PublishedPort other : published) {
        if (other.protocol() == port.protocol() && other.guestPort() == port.guestPort()) {
          throw new IllegalArgumentException(port + " is published already");
        }
        if (other.protocol() == port.protocol()
            && other.hostPort() != 0
            && other.hostPort() == port.hostPort()
            && other.hostAddress().equals(port.hostAddress())) {
          throw new IllegalArgumentException(
              port
                  + " is to be published at port "
                  + port.hostPort()
                  + " of the host, which "
                  + other
                  + " has already");
        }
      }
      published.add(port);
      return this;
    }

    /**
     * Publishes every port that the image of one of the sandbox's containers exposes ({@code
     * EXPOSE} in a Dockerfile, {@code -P} of {@code docker run}) at a free port of the host's
     * loopback, as soon as the container is made and until the sandbox ends. A port that is
     * published already stays where it is. With several user networks the first that asks for this
     * has them. Default: they are not published.
     *
     * @return this
     */
    public UserBuilder publishExposed() {
      this.publishesExposed = true;
      return this;
    }

    /**
     * Sets where the guest may connect to. Default: {@link EgressPolicy#publicInternet()}.
     *
     * @param policy the policy
     * @return this
     */
    public UserBuilder egress(EgressPolicy policy) {
      this.egress = policy;
      return this;
    }

    /**
     * Lets the guest reach a unix socket of the host at a port of its gateway, whatever the egress
     * policy says. Default: no service of the host is reached.
     *
     * @param guestPort the port of the gateway
     * @param socket where the service listens
     * @return this
     */
    public UserBuilder relay(int guestPort, Path socket) {
      return relay(new Relay(Optional.empty(), guestPort, Optional.of(socket), 0));
    }

    /**
     * Lets the guest reach a port of the host's loopback at a port of its gateway, whatever the
     * egress policy says.
     *
     * @param guestPort the port of the gateway
     * @param hostPort where the service listens
     * @return this
     */
    public UserBuilder relay(int guestPort, int hostPort) {
      return relay(new Relay(Optional.empty(), guestPort, Optional.empty(), hostPort));
    }

    /**
     * As {@link #relay(int, Path)}, with a host name for it.
     *
     * @param name the name the containers have for the gateway
     * @param guestPort the port of the gateway
     * @param socket where the service listens
     * @return this
     */
    public UserBuilder relay(String name, int guestPort, Path socket) {
      return relay(
          new Relay(
              Optional.of(Checks.name("host name", name)), guestPort, Optional.of(socket), 0));
    }

    /**
     * As {@link #relay(int, int)}, with a host name for it.
     *
     * @param name the name the containers have for the gateway
     * @param guestPort the port of the gateway
     * @param hostPort where the service listens
     * @return this
     */
    public UserBuilder relay(String name, int guestPort, int hostPort) {
      return relay(
          new Relay(
              Optional.of(Checks.name("host name", name)), guestPort, Optional.empty(), hostPort));
    }

    private UserBuilder relay(Relay relay) {
      PublishedPort.tcp(relay.guestPort());
      if (relay.socket().isEmpty() && (relay.hostPort() < 1 || relay.hostPort() > 65535)) {
        throw new IllegalArgumentException(
            "a port of the host is 1 to 65535, got " + relay.hostPort());
      }
      if (relays.stream().anyMatch(other -> other.guestPort() == relay.guestPort())) {
        throw new IllegalArgumentException(
            "port " + relay.guestPort() + " of the gateway already has a relay");
      }
      relays.add(relay);
      return this;
    }

    /**
     * Sets the guest's end up otherwise: one address of each family, whose prefix is the subnet,
     * the gateway in it, MTU and link address. Default: 10.0.2.15/24 behind 10.0.2.2 and
     * fd6b:6174:6100:2::15/64 behind fd6b:6174:6100:2::2 (with 3 in place of 2 for the second
     * network, and so on), with an MTU of 65520 bytes. Below 1280 bytes there is no IPv6.
     *
     * @param settings sets them
     * @return this
     */
    public UserBuilder guest(Consumer<GuestInterface.Builder> settings) {
      this.guest = built(settings);
      return this;
    }

    private User build() {
      return new User(published, publishesExposed, egress, relays, guest);
    }
  }

  /**
   * A port that is published now.
   *
   * @param protocol TCP or UDP
   * @param guestPort in the guest
   * @param host where programs of the host reach it
   */
  record Mapping(Protocol protocol, int guestPort, java.net.InetSocketAddress host) {
    @Override
    public String toString() {
      String address = Ip.of(host.getAddress()).toString();
      return (address.indexOf(':') < 0 ? address : "[" + address + "]")
          + ":"
          + host.getPort()
          + " -> "
          + guestPort
          + "/"
          + protocol;
    }
  }
}
