package io.katajava.junit.testcontainers;

import io.katajava.Kata;
import io.katajava.SandboxBuilder;
import io.katajava.wait.Wait;
import io.katajava.wait.WaitStrategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.lifecycle.Startable;

/**
 * Where a {@link KataContainer} is started, which is in which network, after what, and when it is
 * ready.
 *
 * @param <SELF> the type whose vocabulary this is
 */
public abstract sealed class StartSettings<SELF extends StartSettings<SELF>>
    extends ConnectionSettings<SELF> permits KataContainer {
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

  /** What is started before it, unchecked. */
  Set<Startable> dependencies() {
    return dependencies;
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
