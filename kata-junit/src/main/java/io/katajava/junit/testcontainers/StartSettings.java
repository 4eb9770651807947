package io.katajava.junit.testcontainers;

import io.katajava.Kata;
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
import org.jspecify.annotations.Nullable;
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
  private final Set<Integer> hostPorts = new LinkedHashSet<>();
  private final Map<String, String> hosts = new LinkedHashMap<>();
  private final Set<String> aliases = new LinkedHashSet<>();
  private final Set<Startable> dependencies = new LinkedHashSet<>();
  private final List<Consumer<OutputFrame>> logConsumers = new ArrayList<>();
  private Consumer<SandboxBuilder> sandboxSettings = sandbox -> {};
  private @Nullable WaitStrategy readiness;
  private Duration startupTimeout = Wait.DEFAULT_TIMEOUT;
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
    this.ports.clear();
    this.ports.addAll(Arrays.asList(ports));
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
    this.network = network;
    network.add(this);
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
   * Sets when the container is ready. Default: when its exposed ports are listened at; at once when
   * there are none.
   *
   * @param strategy from {@link Wait}
   * @return this
   */
  public SELF waitingFor(WaitStrategy strategy) {
    this.readiness = strategy;
    return self();
  }

  /**
   * Sets how long it may take until the container is ready, once it was started. Default: {@link
   * Wait#DEFAULT_TIMEOUT}.
   *
   * @param timeout positive
   * @return this
   */
  public SELF withStartupTimeout(Duration timeout) {
    this.startupTimeout = timeout;
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
    if (attempts < 1) {
      throw new IllegalArgumentException("a start is tried at least once, got " + attempts);
    }
    this.startupAttempts = attempts;
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

  /** The strategy that decides, if there is anything to wait for. */
  Optional<WaitStrategy> readiness() {
    if (readiness != null) {
      return Optional.of(readiness.withTimeout(startupTimeout));
    }
    return ports.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Wait.forListeningPort(ports.stream().mapToInt(Integer::intValue).toArray())
                .withTimeout(startupTimeout));
  }

  int startupAttempts() {
    return startupAttempts;
  }

  List<Consumer<OutputFrame>> logConsumers() {
    return logConsumers;
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

  /**
   * What is started before it.
   *
   * @return other containers, or whatever {@link #dependsOn} was given
   */
  public Set<Startable> getDependencies() {
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
}
