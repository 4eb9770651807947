package io.katajava.junit.testcontainers;

import io.katajava.PublishedPort;
import io.katajava.PublishedPort.Protocol;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.testcontainers.containers.InternetProtocol;

/**
 * How a {@link KataContainer} is reached, and what it reaches: ports and names.
 *
 * @param <SELF> the type whose vocabulary this is
 */
abstract sealed class ConnectionSettings<SELF extends ConnectionSettings<SELF>>
    extends ContainerSettings<SELF> permits StartSettings {
  private final Set<Integer> ports = new LinkedHashSet<>();
  private final List<PublishedPort> bindings = new ArrayList<>();
  private final Set<Integer> hostPorts = new LinkedHashSet<>();
  private final Map<String, String> hosts = new LinkedHashMap<>();
  private final Set<String> aliases = new LinkedHashSet<>();

  ConnectionSettings(String image) {
    super(image);
  }

  /**
   * Publishes TCP ports at free ports of the host; see {@link KataContainer#getMappedPort}. Unless
   * {@link KataContainer#waitingFor} says otherwise the container is ready when all of them are
   * listened at.
   *
   * @param ports in the container; instead of those set before
   * @return this
   */
  public SELF withExposedPorts(Integer... ports) {
    setExposedPorts(Arrays.asList(ports));
    return self();
  }

  /**
   * Publishes further TCP ports.
   *
   * @param ports in the container
   */
  public void addExposedPorts(int... ports) {
    Arrays.stream(ports).forEach(this.ports::add);
  }

  /**
   * Lets the container reach ports of the host's loopback, as {@code
   * host.testcontainers.internal:PORT}. Default: none.
   *
   * @param ports of the host
   * @return this
   */
  public SELF withAccessToHost(int... ports) {
    Arrays.stream(ports).forEach(hostPorts::add);
    return self();
  }

  /**
   * Adds a line to the hosts file.
   *
   * @param hostname a name
   * @param address its address
   * @return this
   */
  public SELF withExtraHost(String hostname, String address) {
    hosts.put(hostname, address);
    return self();
  }

  /**
   * Sets names by which the containers of its network reach this one.
   *
   * @param aliases host names
   * @return this
   */
  public SELF withNetworkAliases(String... aliases) {
    this.aliases.addAll(Arrays.asList(aliases));
    return self();
  }

  Set<Integer> hostPorts() {
    return hostPorts;
  }

  Map<String, String> extraHosts() {
    return hosts;
  }

  /** The ports that are to be published; a port of the host that was named counts. */
  List<PublishedPort> published() {
    List<PublishedPort> all = new ArrayList<>(bindings);
    for (int port : ports) {
      if (bindings.stream()
          .noneMatch(one -> one.protocol() == Protocol.TCP && one.guestPort() == port)) {
        all.add(PublishedPort.tcp(port));
      }
    }
    return all;
  }

  /** The TCP ports at which it listens, as far as it says. */
  List<Integer> portsWanted() {
    return Stream.concat(
            ports.stream(),
            bindings.stream()
                .filter(port -> port.protocol() == Protocol.TCP)
                .map(PublishedPort::guestPort))
        .distinct()
        .toList();
  }

  boolean exposes(int port) {
    return portsWanted().contains(port);
  }

  /**
   * The ports that are exposed.
   *
   * @return ports in the container
   */
  public List<Integer> getExposedPorts() {
    return List.copyOf(ports);
  }

  /**
   * Its names in its network.
   *
   * @return host names
   */
  public List<String> getNetworkAliases() {
    return List.copyOf(aliases);
  }

  /**
   * As {@link #withNetworkAliases}, instead of those set before.
   *
   * @param aliases host names
   */
  public void setNetworkAliases(List<String> aliases) {
    List<String> all = List.copyOf(aliases);
    this.aliases.clear();
    this.aliases.addAll(all);
  }

  /**
   * As {@link #withExposedPorts}.
   *
   * @param ports in the container; instead of those set before
   */
  public void setExposedPorts(List<Integer> ports) {
    List<Integer> all = List.copyOf(ports);
    this.ports.clear();
    this.ports.addAll(all);
  }

  /**
   * As {@link #addExposedPorts}, for one.
   *
   * @param port in the container
   */
  public void addExposedPort(Integer port) {
    ports.add(port);
  }

  /**
   * Publishes ports at ports of the host that are given, as Docker's {@code -p} does: {@code
   * 8080:80}, {@code 127.0.0.1:8080:80}, {@code 8053:53/udp}. Only the first form's port of the
   * host may be left out or be 0 for a free one. Without an address it is the loopback, not all of
   * them.
   *
   * @param bindings instead of those set before
   * @throws IllegalArgumentException if one is malformed
   */
  public void setPortBindings(List<String> bindings) {
    List<PublishedPort> all = bindings.stream().map(PortBinding::parse).toList();
    this.bindings.clear();
    all.forEach(this::addBinding);
  }

  /**
   * What {@link #setPortBindings} and {@link #addFixedExposedPort(int, int)} said.
   *
   * @return {@code HOST:CONTAINER/tcp} each, after the host's address if there is one
   */
  public List<String> getPortBindings() {
    return bindings.stream().map(PortBinding::text).toList();
  }

  /**
   * Publishes a TCP port at a given port of the host.
   *
   * @param hostPort of the host's loopback
   * @param containerPort in the container
   */
  public void addFixedExposedPort(int hostPort, int containerPort) {
    addBinding(PublishedPort.tcp(containerPort).onHostPort(hostPort));
  }

  /**
   * Publishes a port at a given port of the host.
   *
   * @param hostPort of the host's loopback
   * @param containerPort in the container
   * @param protocol TCP or UDP
   */
  public void addFixedExposedPort(int hostPort, int containerPort, InternetProtocol protocol) {
    PublishedPort port =
        switch (protocol) {
          case TCP -> PublishedPort.tcp(containerPort);
          case UDP -> PublishedPort.udp(containerPort);
        };
    addBinding(port.onHostPort(hostPort));
  }

  /** A later binding of the same port counts. */
  private void addBinding(PublishedPort port) {
    bindings.removeIf(
        other -> other.protocol() == port.protocol() && other.guestPort() == port.guestPort());
    bindings.add(port);
  }

  /**
   * The lines for the hosts file.
   *
   * @return {@code NAME:ADDRESS} each
   */
  public List<String> getExtraHosts() {
    return hosts.entrySet().stream().map(host -> host.getKey() + ":" + host.getValue()).toList();
  }

  /**
   * As {@link #withExtraHost}, instead of those set before.
   *
   * @param lines {@code NAME:ADDRESS} each
   * @throws IllegalArgumentException if one is malformed
   */
  public void setExtraHosts(List<String> lines) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String line : lines) {
      int colon = line.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException("a further host is NAME:ADDRESS, got '" + line + "'");
      }
      all.put(line.substring(0, colon), line.substring(colon + 1));
    }
    hosts.clear();
    hosts.putAll(all);
  }
}
