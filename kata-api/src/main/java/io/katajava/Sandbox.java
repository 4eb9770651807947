package io.katajava;

import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.VolumeStats;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A running virtual machine with an agent in it, and its containers. Handles are shared by threads
 * freely. A sandbox dies with its JVM, whatever ends that, unless it was started {@linkplain
 * SandboxBuilder#detached() detached}.
 */
public interface Sandbox extends AutoCloseable {

  /**
   * The sandbox's id: short, unique on this host, and part of its paths.
   *
   * @return letters and digits
   */
  String id();

  /**
   * The name it was given.
   *
   * @return the name, if there is one
   */
  Optional<String> name();

  /**
   * Its state now.
   *
   * @return the state
   */
  SandboxState state();

  /**
   * The phases of its start.
   *
   * @return a snapshot; {@link StartPhase#FIRST_OUTPUT} is in it once a command wrote something
   */
  SandboxTimeline timeline();

  /**
   * What was chosen for the user, and why: accelerator, kernel, transport, root filesystem and so
   * on.
   *
   * @return the choices
   */
  List<Choice> describe();

  /**
   * How it was born, and why so.
   *
   * @return the way
   */
  Birth birth();

  /**
   * The hypervisor's command line, secrets redacted.
   *
   * @return one argument an element
   */
  List<String> commandLine();

  /**
   * What the machine said so far, for people: the end of the guest's console and of the
   * hypervisor's standard error, besides its command line.
   *
   * @return a snapshot; the console is not to be trusted
   */
  VmEvidence evidence();

  /**
   * Tells whether nothing but this library controls the hypervisor.
   *
   * @return false when an extra monitor is open
   */
  boolean isTrusted();

  /**
   * The hypervisor's process.
   *
   * @return a pid on the host
   */
  long hypervisorPid();

  /**
   * Runs a command in the sandbox's default container and keeps its output. The container is made
   * at the first call, from the sandbox's image or else the guest's built-in {@code busybox}.
   *
   * @param command program and arguments; no shell is involved
   * @return the result; a non-zero exit is a value, see {@link ExecResult#orThrow()}
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(String... command) {
    return exec(ExecSpec.command(command).build());
  }

  /**
   * Runs a command in the default container and keeps its output.
   *
   * @param spec describes the command
   * @return the result
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(Consumer<ExecSpec.Builder> spec) {
    ExecSpec.Builder builder = ExecSpec.builder();
    spec.accept(builder);
    return exec(builder.build());
  }

  /**
   * Runs a command in the default container and keeps its output. A timeout counts from this call
   * on, with all that it takes to make the container.
   *
   * @param spec the command
   * @return the result
   * @throws KataException when the sandbox cannot be asked, or when the output exceeds the limit
   */
  default ExecResult exec(ExecSpec spec) {
    return defaultContainer().exec(spec);
  }

  /**
   * As {@link #exec(ExecSpec)}, without waiting.
   *
   * @param spec the command
   * @return the result to come; failures are {@link KataException}s
   */
  CompletableFuture<ExecResult> execAsync(ExecSpec spec);

  /**
   * Starts a command in the default container and hands out its streams.
   *
   * @param spec describes the command
   * @return the running command, to be closed
   * @throws KataException when it cannot be started
   */
  default Execution execInteractive(Consumer<ExecSpec.Builder> spec) {
    return defaultContainer().execInteractive(spec);
  }

  /**
   * The container in which {@link #exec(String...)} runs; made now if it is not there yet.
   *
   * @return the default container
   * @throws KataException when it cannot be made
   */
  Container defaultContainer();

  /**
   * Describes a container of this sandbox.
   *
   * @param name its name, unique in the sandbox: letters, digits, {@code . _ -}
   * @return a builder; {@link ContainerBuilder#start()} makes the container
   */
  ContainerBuilder container(String name);

  /**
   * The containers that were started and not closed, the default one included.
   *
   * @return a snapshot
   */
  List<Container> containers();

  /**
   * Tells a consumer what happens to the sandbox from now on, one call at a time on the library's
   * workers; every consumer has a queue of its own of 1024 events, beyond which the oldest go.
   *
   * @param consumer takes the events
   * @return ends the subscription
   */
  Subscription onEvent(Consumer<SandboxEvent> consumer);

  /** A consumer's subscription to events. */
  interface Subscription extends AutoCloseable {
    /** Ends it. A call under way is not waited for. */
    @Override
    void close();
  }

  /**
   * The guest's own figures, of agent and machine.
   *
   * @return text in the Prometheus exposition format; not to be trusted
   * @throws KataException when the agent cannot be asked
   */
  String guestMetrics();

  /**
   * What the sandbox uses: the guest's memory, CPU time and load, and the figures of its containers
   * ({@code GetMetrics}, {@code StatsContainer}). A container that goes meanwhile is left out.
   *
   * @return a snapshot; not to be trusted
   * @throws KataException when the agent cannot be asked
   */
  SandboxStats stats();

  /**
   * The guest's packet filter, as {@code iptables-save} writes it ({@code GetIPTables}). The
   * program is the guest image's; the one that {@code kata-guest} makes has none unless it is put
   * in.
   *
   * @param family which of the two
   * @return the rules; not to be trusted
   * @throws KataException with {@link ErrorCode#AGENT_REFUSED} when the guest has no such program,
   *     or it fails
   */
  String ipTables(IpFamily family);

  /**
   * Replaces the guest's packet filter, as {@code iptables-restore} does ({@code SetIPTables}).
   *
   * @param family which of the two
   * @param rules what {@link #ipTables} gives
   * @throws KataException with {@link ErrorCode#AGENT_REFUSED} when the guest has no such program,
   *     or it does not take the rules
   */
  void setIpTables(IpFamily family, String rules);

  /**
   * Replaces the policy that decides which calls the agent allows ({@code SetPolicy}).
   *
   * @param policy in Rego
   * @throws KataException with {@link ErrorCode#AGENT_REFUSED} when the agent does not take it, or
   *     has no policy, as the one of {@code kata-guest}
   */
  void setPolicy(String policy);

  /**
   * What was noted about the sandbox when it was described; see {@link SandboxBuilder#annotation}.
   *
   * @return name to value, in the order they were set
   */
  Map<String, String> annotations();

  /**
   * The guest's network interfaces, the loopback among them ({@code ListInterfaces}). They are what
   * containers see that have no network namespace of their own.
   *
   * @return a snapshot; not to be trusted
   * @throws KataException when the agent cannot be asked
   */
  List<NetworkInterface> interfaces();

  /**
   * The guest's unicast routes of IPv4 and IPv6 ({@code ListRoutes}). A default route has an empty
   * destination; upstream's agent writes {@code 0.0.0.0} or {@code ::1}.
   *
   * @return a snapshot of the main table; not to be trusted
   * @throws KataException when the agent cannot be asked
   */
  List<NetworkRoute> routes();

  /**
   * Sets an interface of the guest up ({@code UpdateInterface}). It is found by its MAC address,
   * else by its name, and is then renamed if it is called otherwise (another of that name gets the
   * old one), given the MTU in bytes and the addresses, and switched on. Addresses it has already
   * stay.
   *
   * @param wanted how it shall be
   * @return what the agent made of it
   * @throws KataException with {@link ErrorCode#AGENT_REFUSED} when there is no such interface or
   *     the guest's kernel does not take it so
   */
  NetworkInterface updateInterface(NetworkInterface wanted);

  /**
   * Adds routes to the guest, or replaces those with the same destination ({@code UpdateRoutes});
   * routes without a gateway come first, whatever their order. None is deleted.
   *
   * @param routes the routes, each with the name of an interface
   * @return all routes of the main table afterwards
   * @throws KataException with {@link ErrorCode#AGENT_REFUSED} when an interface is unknown or the
   *     guest's kernel does not take a route; earlier ones may have been taken
   */
  List<NetworkRoute> updateRoutes(List<NetworkRoute> routes);

  /**
   * Tells the guest which link addresses its neighbours have ({@code AddARPNeighbors}; NDP for
   * IPv6).
   *
   * @param neighbors address and interface are needed; state 0 is permanent
   * @throws KataException with {@link ErrorCode#AGENT_REFUSED} when an interface is unknown or the
   *     guest's kernel does not take one
   */
  void addNeighbors(List<ArpNeighbor> neighbors);

  /**
   * The sandbox's user network.
   *
   * @return its published ports; none when the sandbox has no user network
   */
  SandboxNetwork network();

  /**
   * The host's port at which a published TCP port of the guest is reached; see {@link
   * Network.UserBuilder#publish(int...)}.
   *
   * @param guestPort the port in the guest
   * @return a port of the host, of the loopback unless another address was asked for
   * @throws IllegalArgumentException if it is not published
   */
  default int mappedPort(int guestPort) {
    return network().mapping(PublishedPort.Protocol.TCP, guestPort).host().getPort();
  }

  /**
   * How full a file system of the guest is, in bytes and inodes ({@code GetVolumeStats}).
   *
   * @param path absolute, in the guest, not in a container
   * @return its figures; not to be trusted
   * @throws IllegalArgumentException when the path is not absolute
   * @throws KataException with {@link ErrorCode#AGENT_REFUSED} when nothing is there, with {@link
   *     ErrorCode#TIMEOUT} when the file system does not answer
   */
  VolumeStats volumeStats(String path);

  /**
   * Stops the whole guest, all containers in it: its processors stand still, its memory stays as it
   * is. Until {@link #resume()} its agent cannot be asked, and what asks it fails with {@link
   * ErrorCode#INVALID_STATE}; commands under way go on afterwards. Nothing happens if it is paused.
   *
   * @throws KataException with {@link ErrorCode#VM_UNRESPONSIVE} when the hypervisor refuses
   */
  void pause();

  /**
   * Lets the guest run again and sets its clock right. Nothing happens if it runs.
   *
   * @throws KataException with {@link ErrorCode#VM_UNRESPONSIVE} when the hypervisor refuses
   */
  void resume();

  /**
   * Makes copies of this sandbox as it is now, with its memory, its containers and the processes
   * that run in them. This one stands still shortly and goes on; the copies go on from the same
   * point, each as a sandbox of its own: with another id, host name (its id), machine id, boot id,
   * link addresses, entropy, and the right time. Network connections of before are this one's.
   *
   * <p>The copies' containers have handles of the same names. Commands that were being executed go
   * on in the copies, too, but nobody reads their output there; a container whose first process has
   * ended has no handle there. Published TCP ports at which this guest listens are listened at in
   * the copies when they are returned.
   *
   * @param count how many copies, at least 1; they are alike, of one instant
   * @return the copies, running, to be closed each
   * @throws KataException with {@link ErrorCode#INVALID_STATE} when this sandbox does not run or
   *     has something that cannot be in two places, as a disk that is written; as a start when a
   *     copy cannot be made: then none is left
   */
  List<Sandbox> fork(int count);

  /**
   * Writes this sandbox as it is now into a directory, from which {@link Kata#restore} makes
   * others, in another JVM too. It stands still shortly and goes on. The directory holds the
   * guest's whole memory, secrets included: it is made for its owner alone. Containers must have no
   * other settings than image, command, env, workdir and user; those whose first process has ended
   * are left out.
   *
   * @param directory must not exist; appears when it is complete
   * @throws KataException with {@link ErrorCode#INVALID_STATE} when this sandbox does not run or
   *     has something that cannot be saved, with {@link ErrorCode#HOST_UNSUITABLE} when it cannot
   *     be written
   */
  void snapshot(java.nio.file.Path directory);

  /**
   * Completes when the machine has ended, however that came. Never completes exceptionally.
   *
   * @return how the hypervisor ended
   */
  CompletableFuture<VmExit> onExit();

  /**
   * Whether it outlives its JVM, see {@link SandboxBuilder#detached()}.
   *
   * @return false for a sandbox that ends with its JVM
   */
  boolean isDetached();

  /**
   * Takes no new commands and containers from now on, waits until the commands that run and the
   * first processes of containers that were given a command have ended, at most until the limit,
   * and then ends the sandbox as {@link #stop} does; what still runs then is killed. Its state is
   * {@link SandboxState#DRAINING} meanwhile, and who asks for more is told {@link
   * ErrorCode#INVALID_STATE}. Of one that is closed already there is nothing to drain: the call
   * returns when it has ended, so that a shutdown hook and whoever else closes it do not meet. For
   * an end with the JVM there is {@link Kata.Builder#drainAtExit}.
   *
   * @param limit how long to wait; zero is not at all
   * @return whether everything had ended by itself, then and now; false of one that was closed
   *     otherwise
   * @throws KataException with {@link ErrorCode#INTERRUPTED}, and the sandbox goes on draining;
   *     with {@link ErrorCode#VM_EXITED} or {@link ErrorCode#AGENT_LOST} when the machine was lost
   */
  boolean drain(Duration limit);

  /**
   * Ends the sandbox: asks the agent to shut the guest down, then the hypervisor to quit, then
   * kills it; returns when the process is reaped and sockets and directories are gone.
   *
   * @param grace how long the polite steps may take together
   */
  void stop(Duration grace);

  /**
   * Ends the sandbox as {@link #stop} does, with little patience; one that is {@linkplain
   * #isDetached() detached} is only let go of, with its containers and what runs in them.
   * Idempotent.
   */
  @Override
  void close();
}
