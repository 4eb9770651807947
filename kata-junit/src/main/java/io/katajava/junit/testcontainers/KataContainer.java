package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerLog;
import io.katajava.ContainerStatus;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.junit.internal.SandboxEvidence;
import io.katajava.wait.Wait;
import io.katajava.wait.WaitStrategy;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.lifecycle.Startable;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.lifecycle.TestDescription;
import org.testcontainers.lifecycle.TestLifecycleAware;
import org.testcontainers.utility.MountableFile;

/**
 * A container in a virtual machine of its own, for tests that are written with Testcontainers, with
 * the names of its {@code GenericContainer}:
 *
 * <pre>{@code
 * @Testcontainers
 * class ServerTest {
 *   @Container
 *   static final KataContainer SERVER =
 *       new KataContainer("busybox")
 *           .withCommand("httpd", "-f", "-p", "8080")
 *           .withExposedPorts(8080)
 *           .waitingFor(Wait.forListeningPort(8080));
 * }
 * }</pre>
 *
 * <p>The {@code Wait} is {@link io.katajava.wait.Wait}. When a test fails, what the sandbox of a
 * container in an instance field says is a suppressed exception of the failure. Settings are made
 * by one thread, before the start.
 */
public class KataContainer implements Startable, TestLifecycleAware {
  /** How much of the output is kept. */
  private static final MemorySize LOG = MemorySize.mebibytes(4);

  private static final AtomicInteger COUNT = new AtomicInteger();

  private record Copy(Transferable content, String path) {}

  private final String name = "container-" + COUNT.incrementAndGet();
  private final ReentrantLock lock = new ReentrantLock();
  private final String image;
  private List<String> command = List.of();
  private final Map<String, String> env = new LinkedHashMap<>();
  private final Set<Integer> ports = new LinkedHashSet<>();
  private final List<Copy> copies = new ArrayList<>();
  private final Map<String, String> hosts = new LinkedHashMap<>();
  private final Set<String> aliases = new LinkedHashSet<>();
  private final List<Consumer<OutputFrame>> logConsumers = new ArrayList<>();
  private final Set<Startable> dependencies = new LinkedHashSet<>();
  private final List<Consumer<ContainerBuilder>> containerSettings = new ArrayList<>();
  private Consumer<SandboxBuilder> sandboxSettings = sandbox -> {};
  private @Nullable WaitStrategy readiness;
  private Duration startupTimeout = Wait.DEFAULT_TIMEOUT;
  private @Nullable KataNetwork network;
  private @Nullable Kata kata;
  private volatile @Nullable Container container;

  /** A container on the guest's own root filesystem, which has busybox. */
  public KataContainer() {
    this("busybox");
  }

  /**
   * A container with this root filesystem.
   *
   * @param image a reference, as {@link ContainerBuilder#image} knows it
   */
  public KataContainer(String image) {
    this.image = image;
  }

  /**
   * Publishes TCP ports at free ports of the host; see {@link #getMappedPort}. Unless {@link
   * #waitingFor} says otherwise the container is ready when all of them are listened at.
   *
   * @param ports in the container
   * @return this
   */
  public KataContainer withExposedPorts(Integer... ports) {
    this.ports.clear();
    this.ports.addAll(Arrays.asList(ports));
    return this;
  }

  /**
   * Sets a variable of the first process.
   *
   * @param key its name
   * @param value its value
   * @return this
   */
  public KataContainer withEnv(String key, String value) {
    env.put(key, value);
    return this;
  }

  /**
   * Sets variables of the first process.
   *
   * @param variables names and values
   * @return this
   */
  public KataContainer withEnv(Map<String, String> variables) {
    env.putAll(variables);
    return this;
  }

  /**
   * Sets the first process.
   *
   * @param command split at spaces, without a shell
   * @return this
   */
  public KataContainer withCommand(String command) {
    return withCommand(command.split(" "));
  }

  /**
   * Sets the first process.
   *
   * @param command program and arguments
   * @return this
   */
  public KataContainer withCommand(String... command) {
    this.command = List.of(command);
    return this;
  }

  /**
   * Copies something into the container before its first process runs.
   *
   * @param content for example of {@link Transferable#of(String)}
   * @param containerPath absolute path in the container
   * @return this
   */
  public KataContainer withCopyToContainer(Transferable content, String containerPath) {
    copies.add(new Copy(content, containerPath));
    return this;
  }

  /**
   * Copies a file or a tree of the host or the class path into the container before its first
   * process runs.
   *
   * @param file the source
   * @param containerPath absolute path in the container
   * @return this
   */
  public KataContainer withCopyFileToContainer(MountableFile file, String containerPath) {
    return withCopyToContainer(file, containerPath);
  }

  /**
   * Adds filesystems in guest memory.
   *
   * @param mounts options by path; of the options only {@code size} counts, which is 64m without
   * @return this
   */
  public KataContainer withTmpFs(Map<String, String> mounts) {
    mounts.forEach(
        (path, options) ->
            containerSettings.add(builder -> builder.tmpfs(path, TmpfsOptions.size(options))));
    return this;
  }

  /**
   * Sets the working directory of the first process.
   *
   * @param directory absolute path in the container
   * @return this
   */
  public KataContainer withWorkingDirectory(String directory) {
    return withContainer(builder -> builder.workdir(directory));
  }

  /**
   * Adds a line to the hosts file.
   *
   * @param hostname a name
   * @param address its address
   * @return this
   */
  public KataContainer withExtraHost(String hostname, String address) {
    hosts.put(hostname, address);
    return this;
  }

  /**
   * Puts the container into a network, which is a sandbox shared with others. Default: a sandbox of
   * its own.
   *
   * @param network the network
   * @return this
   */
  public KataContainer withNetwork(KataNetwork network) {
    this.network = network;
    network.add(this);
    return this;
  }

  /**
   * Sets names by which the containers of its network reach this one.
   *
   * @param aliases host names
   * @return this
   */
  public KataContainer withNetworkAliases(String... aliases) {
    this.aliases.addAll(Arrays.asList(aliases));
    return this;
  }

  /**
   * Starts these before this one.
   *
   * @param startables for example other containers
   * @return this
   */
  public KataContainer dependsOn(Startable... startables) {
    dependencies.addAll(Arrays.asList(startables));
    return this;
  }

  /**
   * Sets when the container is ready. Default: when its exposed ports are listened at; at once when
   * there are none.
   *
   * @param strategy from {@link Wait}
   * @return this
   */
  public KataContainer waitingFor(WaitStrategy strategy) {
    this.readiness = strategy;
    return this;
  }

  /**
   * Sets how long it may take until the container is ready. Default: {@link Wait#DEFAULT_TIMEOUT}.
   *
   * @param timeout positive
   * @return this
   */
  public KataContainer withStartupTimeout(Duration timeout) {
    this.startupTimeout = timeout;
    return this;
  }

  /**
   * Gives the output of the first process to a consumer, from the start on.
   *
   * @param consumer for example a {@code Slf4jLogConsumer}
   * @return this
   */
  public KataContainer withLogConsumer(Consumer<OutputFrame> consumer) {
    logConsumers.add(consumer);
    return this;
  }

  /**
   * Settles what only our own containers have: user, limits, security, secrets and so on.
   *
   * @param settings applied last
   * @return this
   */
  public KataContainer withContainer(Consumer<ContainerBuilder> settings) {
    containerSettings.add(settings);
    return this;
  }

  /**
   * Settles how the container's own sandbox is; that of a network has {@link
   * KataNetwork#withSandbox}.
   *
   * @param settings applied after the network and the hosts' names
   * @return this
   */
  public KataContainer withSandbox(Consumer<SandboxBuilder> settings) {
    this.sandboxSettings = settings;
    return this;
  }

  /**
   * Starts the sandbox with this runtime. Default: one that all containers share.
   *
   * @param kata who closes it is who made it
   * @return this
   */
  public KataContainer withKata(Kata kata) {
    this.kata = kata;
    return this;
  }

  @Override
  public Set<Startable> getDependencies() {
    return Set.copyOf(dependencies);
  }

  /**
   * Starts what it depends on, the sandbox and the container, and waits until it is ready. One that
   * runs is no error.
   *
   * @throws KataException when it cannot be started or does not become ready; nothing of it is left
   */
  @Override
  public void start() {
    lock.lock();
    try {
      if (container != null) {
        return;
      }
      Startables.deepStart(dependencies).join();
      KataNetwork shared = network;
      Sandbox sandbox =
          shared != null
              ? shared.join(this)
              : sandbox(kata, ports, hosts, aliases, sandboxSettings).start();
      try {
        container = startIn(sandbox);
      } catch (RuntimeException | Error e) {
        leave(sandbox);
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  static SandboxBuilder sandbox(
      @Nullable Kata kata,
      Set<Integer> ports,
      Map<String, String> hosts,
      Collection<String> aliases,
      Consumer<SandboxBuilder> settings) {
    SandboxBuilder builder =
        (kata == null ? SharedRuntime.get() : kata)
            .sandbox()
            .network(KataNetwork.publishing(ports));
    hosts.forEach(builder::addHost);
    aliases.forEach(alias -> builder.addHost(alias, "127.0.0.1"));
    settings.accept(builder);
    return builder;
  }

  private Container startIn(Sandbox sandbox) {
    ContainerBuilder builder = sandbox.container(name).image(image).keepLog(LOG);
    if (!command.isEmpty()) {
      builder.command(command);
    }
    env.forEach(builder::env);
    containerSettings.forEach(settings -> settings.accept(builder));
    Container made = builder.create();
    try {
      for (Copy copy : copies) {
        copyIn(made, copy.content(), copy.path());
      }
      made.start();
      logConsumers.forEach(consumer -> follow(made, consumer));
      ready().ifPresent(strategy -> made.waitUntil(strategy.withTimeout(startupTimeout)));
      return made;
    } catch (RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  private Optional<WaitStrategy> ready() {
    if (readiness != null) {
      return Optional.of(readiness);
    }
    return ports.isEmpty()
        ? Optional.empty()
        : Optional.of(Wait.forListeningPort(ports.stream().mapToInt(Integer::intValue).toArray()));
  }

  private void leave(Sandbox sandbox) {
    if (network != null) {
      network.leave(this);
    } else {
      sandbox.close();
    }
  }

  /** Ends the container and its sandbox, unless others of its network run there. Idempotent. */
  @Override
  public void stop() {
    lock.lock();
    try {
      Container running = container;
      if (running != null) {
        container = null;
        try {
          running.close();
        } finally {
          leave(running.sandbox());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private Container running() {
    Container running = container;
    if (running == null) {
      throw new IllegalStateException("the container of " + image + " has not been started");
    }
    return running;
  }

  /**
   * The container with all that this library knows of it.
   *
   * @return the container; not to be closed
   * @throws IllegalStateException if it was not started
   */
  public Container container() {
    return running();
  }

  /**
   * Whether its first process runs.
   *
   * @return false before the start, after the stop, and when it has ended
   */
  public boolean isRunning() {
    Container running = container;
    return running != null && running.status().state() == ContainerStatus.State.RUNNING;
  }

  /**
   * Its id for the guest's agent.
   *
   * @return the id
   */
  public String getContainerId() {
    return running().id();
  }

  /**
   * The image it was made with.
   *
   * @return the reference
   */
  public String getDockerImageName() {
    return image;
  }

  /**
   * Where its ports are published.
   *
   * @return the loopback's address
   */
  public String getHost() {
    return InetAddress.getLoopbackAddress().getHostAddress();
  }

  /**
   * The host's port for an exposed one.
   *
   * @param originalPort in the container
   * @return a port of {@link #getHost()}
   * @throws IllegalArgumentException if it is not exposed
   */
  public Integer getMappedPort(int originalPort) {
    return running().sandbox().mappedPort(originalPort);
  }

  /**
   * The host's port for the first exposed one.
   *
   * @return a port of {@link #getHost()}
   * @throws IllegalStateException if none is exposed
   */
  public Integer getFirstMappedPort() {
    return getMappedPort(
        ports.stream()
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("the container exposes no ports")));
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

  Map<String, String> extraHosts() {
    return hosts;
  }

  /**
   * The output of the first process that is kept, its newest 4 MiB.
   *
   * @return lines, each with its end
   */
  public String getLogs() {
    return getLogs(OutputType.STDOUT, OutputType.STDERR);
  }

  /**
   * The output of some streams.
   *
   * @param types which
   * @return lines, each with its end
   */
  public String getLogs(OutputType... types) {
    List<OutputType> wanted = Arrays.asList(types);
    return running().log().lines().stream()
        .filter(line -> wanted.contains(type(line)))
        .map(line -> line.text() + "\n")
        .collect(Collectors.joining());
  }

  /**
   * Gives the output to a consumer, all that is kept and all that comes, a line a frame. There is
   * no frame for the end.
   *
   * @param consumer called on the library's workers
   */
  public void followOutput(Consumer<OutputFrame> consumer) {
    follow(running(), consumer);
  }

  /**
   * Gives some streams of the output to a consumer.
   *
   * @param consumer called on the library's workers
   * @param types which streams
   */
  public void followOutput(Consumer<OutputFrame> consumer, OutputType... types) {
    List<OutputType> wanted = Arrays.asList(types);
    followOutput(
        frame -> {
          if (wanted.contains(frame.getType())) {
            consumer.accept(frame);
          }
        });
  }

  private static void follow(Container container, Consumer<OutputFrame> consumer) {
    container
        .log()
        .follow(
            line ->
                consumer.accept(
                    new OutputFrame(
                        type(line), (line.text() + "\n").getBytes(StandardCharsets.UTF_8))));
  }

  private static OutputType type(ContainerLog.Line line) {
    return line.stream() == ContainerLog.Stream.STDOUT ? OutputType.STDOUT : OutputType.STDERR;
  }

  /**
   * Executes a command in the container.
   *
   * @param command program and arguments, without a shell
   * @return how it ended; one that could not be started is a result, too
   * @throws IOException never; declared as Testcontainers does
   * @throws InterruptedException when the thread is interrupted; the command is killed
   */
  public ContainerExecResult execInContainer(String... command)
      throws IOException, InterruptedException {
    try {
      ExecResult result = running().exec(command);
      String error =
          result.outcome() instanceof ExecOutcome.NotStarted notStarted
              ? notStarted.message()
              : result.stderrText();
      return new ContainerExecResult(result.exitCode(), result.stdoutText(), error);
    } catch (KataException e) {
      if (e.code() == ErrorCode.INTERRUPTED && Thread.interrupted()) {
        InterruptedException interrupted = new InterruptedException(e.getMessage());
        interrupted.initCause(e);
        throw interrupted;
      }
      throw e;
    }
  }

  /**
   * Copies something into the container.
   *
   * @param content for example of {@link Transferable#of(String)}, or a {@link MountableFile}
   * @param containerPath absolute path in the container
   */
  public void copyFileToContainer(Transferable content, String containerPath) {
    copyIn(running(), content, containerPath);
  }

  /**
   * Copies a file or tree out of the container.
   *
   * @param containerPath absolute path in the container
   * @param destinationPath path on the host
   */
  public void copyFileFromContainer(String containerPath, String destinationPath) {
    running().files().copyOut(containerPath, Path.of(destinationPath));
  }

  private static void copyIn(Container target, Transferable content, String path) {
    if (content instanceof MountableFile file) {
      target.files().copyIn(Path.of(file.getResolvedPath()), path);
    } else {
      target.files().write(path, content.getBytes(), content.getFileMode() & 07777);
    }
  }

  @Override
  public void afterTest(TestDescription description, Optional<Throwable> failure) {
    Container running = container;
    if (failure.isPresent() && running != null) {
      failure
          .get()
          .addSuppressed(
              new SandboxEvidence(
                  SandboxEvidence.of(running.sandbox(), Map.of(name, running.log()))));
    }
  }

  @Override
  public String toString() {
    Container running = container;
    return "KataContainer[" + image + (running == null ? ", not started]" : ", " + running + "]");
  }
}
