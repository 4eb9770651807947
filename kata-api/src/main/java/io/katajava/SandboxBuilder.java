package io.katajava;

import io.katajava.internal.net.Ip;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Describes a sandbox and starts it. Not safe for several threads. */
public final class SandboxBuilder {
  private final Kata kata;
  private @Nullable String name;
  private OptionalInt vcpus = OptionalInt.empty();
  private @Nullable MemorySize memory;
  private @Nullable String image;
  private @Nullable String hostname;
  private Duration startTimeout = SandboxSpec.DEFAULT_START_TIMEOUT;
  private final Map<String, String> annotations = new LinkedHashMap<>();
  private final List<Network> networks = new ArrayList<>();
  private final List<String> nameServers = new ArrayList<>();
  private final List<String> searchDomains = new ArrayList<>();
  private final Map<String, String> hosts = new LinkedHashMap<>();
  private boolean detached;
  private @Nullable Duration unattended;
  private SandboxLife.@Nullable Limit idle;
  private SandboxLife.@Nullable Limit lifetime;
  private DirectorySharing sharing = DirectorySharing.COPY;
  private BirthPolicy birth = BirthPolicy.TEMPLATE_IF_PRESENT;

  SandboxBuilder(Kata kata) {
    this.kata = kata;
  }

  /**
   * Sets a name for people; it is also the host name unless that is set.
   *
   * @param name letters, digits, {@code . _ -}
   * @return this
   */
  public SandboxBuilder name(String name) {
    this.name = Checks.name("sandbox name", name);
    return this;
  }

  /**
   * Sets the number of vCPUs. Default: the hypervisor configuration's.
   *
   * @param vcpus at least 1
   * @return this
   */
  public SandboxBuilder vcpus(int vcpus) {
    if (vcpus < 1) {
      throw new IllegalArgumentException("a sandbox has at least 1 vCPU, asked for " + vcpus);
    }
    this.vcpus = OptionalInt.of(vcpus);
    return this;
  }

  /**
   * Sets the guest's memory. Default: the hypervisor configuration's.
   *
   * @param memory a whole number of MiB
   * @return this
   */
  public SandboxBuilder memory(MemorySize memory) {
    if (memory.bytes() == 0 || !memory.isMultipleOf(MemorySize.mebibytes(1))) {
      throw new IllegalArgumentException(
          "guest memory is a positive whole number of MiB, asked for " + memory);
    }
    this.memory = memory;
    return this;
  }

  /**
   * Sets the root filesystem of the default container, which is then made at the start.
   *
   * @param image the reference; {@code busybox} is built in
   * @return this
   */
  public SandboxBuilder image(String image) {
    this.image = image;
    return this;
  }

  /**
   * Sets the containers' host name. Default: the sandbox's name or id.
   *
   * @param hostname 1 to 63 letters, digits, {@code . -}
   * @return this
   */
  public SandboxBuilder hostname(String hostname) {
    this.hostname = Checks.name("host name", hostname);
    return this;
  }

  /**
   * Sets how long the whole start may take. Default: {@link SandboxSpec#DEFAULT_START_TIMEOUT}.
   *
   * @param timeout positive
   * @return this
   */
  public SandboxBuilder startTimeout(Duration timeout) {
    this.startTimeout = Checks.positive("start timeout", timeout);
    return this;
  }

  /**
   * Notes something about the sandbox, for whoever finds it in {@link Kata#sandboxes()}. Nothing in
   * this library acts on it, and the guest does not see it. Default: no notes.
   *
   * @param key not empty; a later value replaces an earlier one
   * @param value any text
   * @return this
   */
  public SandboxBuilder annotation(String key, String value) {
    if (key.isEmpty()) {
      throw new IllegalArgumentException(
          "an annotation needs a key, got none for the value '" + value + "'");
    }
    annotations.put(key, value);
    return this;
  }

  /**
   * Lets the sandbox outlive this JVM, until {@link Sandbox#stop} or {@code kata stop}. {@link
   * Sandbox#close()}, {@link Kata#close()} and the end of the JVM, even by a crash, let go of it
   * only; {@link Kata#attach} takes it over again, from any JVM of this user on this host. A start
   * that fails still leaves nothing. Needs our agent in the guest. Default: the sandbox ends with
   * its JVM.
   *
   * @return this
   */
  public SandboxBuilder detached() {
    this.detached = true;
    this.unattended = null;
    return this;
  }

  /**
   * As {@link #detached()}, but the guest powers off when no JVM was attached for this long, the
   * kernel parameter {@code agent.host_grace}. It is the guest that counts, so this saves resources
   * and is no bar to a hostile guest.
   *
   * @param unattended at least a second; counted in whole ones
   * @return this
   */
  public SandboxBuilder detached(Duration unattended) {
    if (unattended.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException(
          "a guest can run without a host for at least 1 s, asked for " + unattended);
    }
    this.detached = true;
    this.unattended = unattended;
    return this;
  }

  /**
   * Limits how long the sandbox may go without a command: none runs that was executed, no file is
   * copied. First processes of containers do not count. While no JVM is attached nothing is
   * counted; it begins anew with the next one. Default: no limit.
   *
   * @param limit positive
   * @param action what happens then; {@link LimitAction#EVENT} once for each time of idleness
   * @return this
   */
  public SandboxBuilder idleLimit(Duration limit, LimitAction action) {
    this.idle = new SandboxLife.Limit(limit, action);
    return this;
  }

  /**
   * Limits how long the sandbox runs, counted from its start. With {@link LimitAction#STOP} a
   * detached one ends then even while no JVM is attached: its guest powers off, the kernel
   * parameter {@code agent.lifetime}, and the next runtime that starts on the host ends what is
   * left. Default: no limit.
   *
   * @param limit positive
   * @param action what happens then
   * @return this
   */
  public SandboxBuilder lifetimeLimit(Duration limit, LimitAction action) {
    this.lifetime = new SandboxLife.Limit(limit, action);
    return this;
  }

  /**
   * Connects the sandbox; each network is one card, {@code eth0} and so on. Default: {@link
   * Network#none()}.
   *
   * @param networks replace those set before
   * @return this
   */
  public SandboxBuilder network(Network... networks) {
    this.networks.clear();
    for (Network network : networks) {
      if (!(network instanceof Network.None)) {
        this.networks.add(network);
      }
    }
    return this;
  }

  /**
   * Sets who resolves names. On a user network the host asks these servers for the guest, as far as
   * the egress policy lets it know a name; on others they are in the containers' {@code
   * resolv.conf}, which has no ports and three servers at most: with others the start fails.
   * Default: the host's resolver on a user network, nobody on others.
   *
   * @param servers addresses, with {@code :port} where it is not 53, IPv6 in brackets then
   * @return this
   * @throws IllegalArgumentException if one is no such address
   */
  public SandboxBuilder dns(String... servers) {
    for (String server : servers) {
      nameServers.add(Checks.nameServer(server));
    }
    return this;
  }

  /**
   * Sets the domains in which names without a dot are looked up: the {@code search} line of the
   * containers' {@code resolv.conf}. Default: none.
   *
   * @param domains in order, at most 32 with 2048 characters together; a final dot changes nothing,
   *     and {@code "."} is the root. Beyond 6 domains or 256 characters {@link Sandbox#describe()}
   *     says that older C libraries and musl do not use them all
   * @return this
   * @throws IllegalArgumentException if one is malformed
   */
  public SandboxBuilder dnsSearch(String... domains) {
    for (String domain : domains) {
      String search = Checks.searchDomain(domain);
      if (!searchDomains.contains(search)) {
        searchDomains.add(search);
      }
    }
    return this;
  }

  /**
   * Adds a line to the containers' hosts file. Default: the loopback's and the sandbox's own.
   *
   * @param name the host's name
   * @param address its address
   * @return this
   * @throws IllegalArgumentException if one is malformed
   */
  public SandboxBuilder addHost(String name, String address) {
    Ip.parse(address);
    hosts.put(Checks.domain(name), address);
    return this;
  }

  /**
   * Sets whether the sandbox may be made of a template instead of being booted, and who builds
   * that. Default: {@link BirthPolicy#TEMPLATE_IF_PRESENT}. {@link Sandbox#birth()} says how it
   * came.
   *
   * @param policy the policy
   * @return this
   */
  public SandboxBuilder birth(BirthPolicy policy) {
    this.birth = policy;
    return this;
  }

  /**
   * Sets how directories of the host reach the containers. Default: {@link DirectorySharing#COPY}.
   *
   * @param sharing how
   * @return this
   */
  public SandboxBuilder directories(DirectorySharing sharing) {
    this.sharing = sharing;
    return this;
  }

  /**
   * What was described.
   *
   * @return an immutable description
   */
  public SandboxSpec spec() {
    return new SandboxSpec(
        Optional.ofNullable(name),
        vcpus,
        Optional.ofNullable(memory),
        Optional.ofNullable(image),
        hostname != null ? hostname : name != null ? name : "",
        startTimeout,
        annotations,
        new SandboxSpec.Networking(networks, nameServers, searchDomains, hosts),
        new SandboxLife(
            detached,
            Optional.ofNullable(unattended),
            Optional.ofNullable(idle),
            Optional.ofNullable(lifetime)),
        birth,
        sharing);
  }

  /**
   * Starts the sandbox.
   *
   * @return the running sandbox, to be closed
   * @throws SandboxStartException when it cannot be started; nothing of it is left
   * @throws KataException with {@link ErrorCode#CLOSED} when the runtime is closed
   */
  public Sandbox start() {
    return kata.start(spec());
  }

  /**
   * Starts the sandbox without waiting.
   *
   * @return the sandbox to come; cancelling it does not stop a start under way, but a sandbox
   *     nobody took is closed with its {@link Kata}
   */
  public CompletableFuture<Sandbox> startAsync() {
    return kata.startAsync(spec());
  }
}
