package io.katajava.junit.testcontainers;

import io.katajava.Kata;
import io.katajava.PublishedPort;
import io.katajava.PublishedPort.Protocol;
import io.katajava.SandboxBuilder;
import io.katajava.wait.Wait;
import io.katajava.wait.WaitStrategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.InternetProtocol;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.lifecycle.Startable;

/**
 * Where a {@link KataContainer} is started, what it is connected to, after what, and when it is
 * ready.
 *
 * @param <SELF> the type whose vocabulary this is
 */
public abstract sealed class StartSettings<SELF extends StartSettings<SELF>>
    extends ContainerSettings<SELF> permits KataContainer {
  private final Set<Integer> ports = new LinkedHashSet<>();
  private final List<PublishedPort> bindings = new ArrayList<>();
  private final Set<Integer> hostPorts = new LinkedHashSet<>();
  private final Map<String, String> hosts = new LinkedHashMap<>();
  private final Set<String> aliases = new LinkedHashSet<>();
  private final Set<Startable> dependencies = new LinkedHashSet<>();
  private final List<Consumer<OutputFrame>> logConsumers = new ArrayList<>();
  private Consumer<SandboxBuilder> sandboxSettings = sandbox -> {};
  private @Nullable WaitStrategy readiness;
  private @Nullable Duration startupTimeout;
  private @Nullable Duration minimumRunning;
  private int startupAttempts = 1;
  private @Nullable KataNetwork network;
  private @Nullable Kata kata;

  StartSettings(String image) {
    super(image);
  }

  /**
   * Publishes TCP ports at free ports of the host; see {@link KataContainer#getMappedPort}. Unless
   * {@link #waitingFor} says otherwise the container is ready when all of them are listened at.
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
   * Puts the container into a network, which is a sandbox shared with others. Default: a sandbox of
   * its own.
   *
   * @param network the network
   * @return this
   */
  public SELF withNetwork(KataNetwork network) {
    setNetwork(network);
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

  /**
   * Starts these before this one.
   *
   * @param startables for example other containers
   * @return this
   */
  public SELF dependsOn(Startable... startables) {
    return dependsOn(Arrays.asList(startables));
  }

  /**
   * Starts these before this one.
   *
   * @param startables for example other containers
   * @return this
   */
  public SELF dependsOn(Iterable<? extends Startable> startables) {
    startables.forEach(dependencies::add);
    return self();
  }

  /**
   * Sets when the container is ready. Default: when its exposed ports are listened at; when there
   * are none, as soon as its first process is seen to run on, or has ended with 0. A {@link
   * io.katajava.wait.HttpWait} that names no port asks at the first exposed one.
   *
   * @param strategy from {@link Wait}; a limit of its own counts, whatever {@link
   *     #withStartupTimeout} said before
   * @return this
   */
  public SELF waitingFor(WaitStrategy strategy) {
    setWaitStrategy(strategy);
    return self();
  }

  /**
   * Sets how long it may take until the container is ready, once it was started. Default: what the
   * strategy says, which is {@link Wait#DEFAULT_TIMEOUT} unless it was told otherwise. The last
   * word counts: said after {@link #waitingFor}, this replaces the strategy's own limit.
   *
   * @param timeout positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public SELF withStartupTimeout(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("the timeout of a start must be positive, got " + timeout);
    }
    this.startupTimeout = timeout;
    if (readiness != null) {
      readiness = readiness.withTimeout(timeout);
    }
    return self();
  }

  /**
   * Has the start fail when the first process ends before this time is over, however it ends.
   * Default: a short while, in which it may end with 0.
   *
   * @param duration positive; the start takes as long
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public SELF withMinimumRunningDuration(Duration duration) {
    this.minimumRunning = StaysUp.running(duration).least();
    return self();
  }

  /**
   * Sets how often the start is tried. Default: once.
   *
   * @param attempts at least 1
   * @return this
   * @throws IllegalArgumentException if it is less
   */
  public SELF withStartupAttempts(int attempts) {
    setStartupAttempts(attempts);
    return self();
  }

  /**
   * Gives the output of the first process to a consumer, from the start on; see {@link
   * KataContainer#followOutput(Consumer)}.
   *
   * @param consumer for example a {@code Slf4jLogConsumer}
   * @return this
   */
  public SELF withLogConsumer(Consumer<OutputFrame> consumer) {
    logConsumers.add(consumer);
    return self();
  }

  /**
   * Settles how the container's own sandbox is; that of a network has {@link
   * KataNetwork#withSandbox}.
   *
   * @param settings applied after the network and the hosts' names
   * @return this
   */
  public SELF withSandbox(Consumer<SandboxBuilder> settings) {
    this.sandboxSettings = settings;
    return self();
  }

  /**
   * Starts the sandbox with this runtime. Default: one that all containers share.
   *
   * @param kata who closes it is who made it
   * @return this
   */
  public SELF withKata(Kata kata) {
    this.kata = kata;
    return self();
  }

  /**
   * What is waited for after the start.
   *
   * @param shared whether others run in the same sandbox, who may listen at the same ports
   */
  List<WaitStrategy> checks(boolean shared) {
    List<WaitStrategy> checks = new ArrayList<>();
    if (minimumRunning != null) {
      checks.add(StaysUp.running(minimumRunning));
    }
    readiness().ifPresent(checks::add);
    if (checks.isEmpty() || shared) {
      checks.add(StaysUp.begins());
    }
    return checks;
  }

  /** The strategy that decides, if there is anything to wait for. */
  private Optional<WaitStrategy> readiness() {
    List<Integer> listened = portsWanted();
    if (readiness == null) {
      return listened.isEmpty()
          ? Optional.empty()
          : Optional.of(
              limited(
                  Wait.forListeningPort(listened.stream().mapToInt(Integer::intValue).toArray())));
    }
    return Optional.of(limited(listened.isEmpty() ? readiness : readiness.atPort(listened.get(0))));
  }

  private WaitStrategy limited(WaitStrategy strategy) {
    return startupTimeout == null || strategy.timeout().isPresent()
        ? strategy
        : strategy.withTimeout(startupTimeout);
  }

  Optional<KataNetwork> network() {
    return Optional.ofNullable(network);
  }

  /** A sandbox of its own. */
  SandboxBuilder ownSandbox() {
    SandboxNeeds needs = new SandboxNeeds();
    needs.add(this);
    return needs.sandbox(kata, sandboxSettings);
  }

  Set<Integer> hostPorts() {
    return hostPorts;
  }

  Map<String, String> extraHosts() {
    return hosts;
  }

  /** What is started before it, unchecked. */
  Set<Startable> dependencies() {
    return dependencies;
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
   * What is started before it.
   *
   * @return other containers, or whatever {@link #dependsOn} was given
   * @throws IllegalStateException if they lead back to this one, which could never be started
   */
  public Set<Startable> getDependencies() {
    DependencyCircle.refuse(this);
    return Set.copyOf(dependencies);
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

  /**
   * As {@link #withNetwork}.
   *
   * @param network the network; null for a sandbox of its own
   */
  public void setNetwork(@Nullable KataNetwork network) {
    KataNetwork before = this.network;
    if (before != null) {
      before.remove(this);
    }
    this.network = network;
    if (network != null) {
      network.add(this);
    }
  }

  /**
   * What {@link #withNetwork} said.
   *
   * @return the network; null when it has a sandbox of its own
   */
  public @Nullable KataNetwork getNetwork() {
    return network;
  }

  /**
   * As {@link #waitingFor}.
   *
   * @param strategy from {@link Wait}
   */
  public void setWaitStrategy(WaitStrategy strategy) {
    this.readiness = strategy;
  }

  /**
   * As {@link #withStartupAttempts}.
   *
   * @param attempts at least 1
   * @throws IllegalArgumentException if it is less
   */
  public void setStartupAttempts(int attempts) {
    if (attempts < 1) {
      throw new IllegalArgumentException(
          "the number of attempts must be at least 1, got " + attempts);
    }
    this.startupAttempts = attempts;
  }

  /**
   * What {@link #withStartupAttempts} said.
   *
   * @return at least 1
   */
  public int getStartupAttempts() {
    return startupAttempts;
  }

  /**
   * What {@link #withLogConsumer} was given.
   *
   * @return the consumers
   */
  public List<Consumer<OutputFrame>> getLogConsumers() {
    return List.copyOf(logConsumers);
  }

  /**
   * As {@link #withLogConsumer}, instead of those set before.
   *
   * @param consumers for example a {@code Slf4jLogConsumer}
   */
  public void setLogConsumers(List<Consumer<OutputFrame>> consumers) {
    List<Consumer<OutputFrame>> all = List.copyOf(consumers);
    logConsumers.clear();
    logConsumers.addAll(all);
  }
}
