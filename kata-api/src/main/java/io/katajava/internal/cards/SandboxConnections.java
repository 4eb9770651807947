package io.katajava.internal.cards;

import io.katajava.Choice;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Network;
import io.katajava.Network.Mapping;
import io.katajava.NetworkStatistics;
import io.katajava.PublishedPort;
import io.katajava.PublishedPort.Protocol;
import io.katajava.SandboxEvent;
import io.katajava.SandboxNetwork;
import io.katajava.SandboxSpec;
import io.katajava.agent.AgentClient;
import io.katajava.internal.net.IpPort;
import io.katajava.internal.net.UserNetwork;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.run.UndoStack;
import io.katajava.spi.Ending;
import io.katajava.spi.ImageConfig;
import io.katajava.spi.VmNetwork;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The networks of one sandbox, from before its machine starts until it is closed: what they need on
 * the host, the machine's cards, and the guest's settings.
 */
public final class SandboxConnections implements SandboxNetwork, AutoCloseable {
  private static final int OLD_SEARCH_DOMAINS = 6;
  private static final int OLD_SEARCH_LENGTH = 256;

  private final String sandboxId;
  private final SandboxSpec.Networking networking;
  private final List<GuestCard> cards = new ArrayList<>();
  private final List<UserNetwork> users = new ArrayList<>();
  private final ReentrantLock exposing = new ReentrantLock();
  private @Nullable UserNetwork exposed;
  private final List<Choice> choices = new ArrayList<>();
  private final UndoStack undo = new UndoStack();
  private Optional<Path> namespace = Optional.empty();
  private volatile @Nullable Consumer<SandboxEvent> events;

  private SandboxConnections(String sandboxId, SandboxSpec.Networking networking) {
    this.sandboxId = sandboxId;
    this.networking = networking;
  }

  /** Those of a sandbox that has no networks: all that outlive a JVM. */
  public static SandboxConnections none(String sandboxId, SandboxSpec spec) {
    return new SandboxConnections(sandboxId, spec.networking());
  }

  /**
   * Makes everything the networks need on the host. The state directory is there already.
   *
   * @throws KataException with {@link ErrorCode#NETWORK_UNAVAILABLE}; nothing is left then
   */
  public static SandboxConnections open(StartRun run, SandboxSpec spec, Executor blocking) {
    SandboxConnections all = new SandboxConnections(run.sandboxId(), spec.networking());
    try {
      for (Network network : spec.networking().networks()) {
        all.add(network, run, blocking);
      }
      return all;
    } catch (IOException e) {
      KataException failure =
          new KataException(
              ErrorCode.NETWORK_UNAVAILABLE,
              "the network cannot be set up: " + e.getMessage(),
              Details.none().withSandbox(run.sandboxId()).withCause(e));
      all.undo.run(failure);
      throw failure;
    } catch (RuntimeException | Error e) {
      all.undo.run(e);
      throw e;
    }
  }

  private void add(Network network, StartRun run, Executor blocking) throws IOException {
    if (network instanceof Network.User user) {
      UserCard card = UserCard.of(user, cards.size(), networking, run);
      UserNetwork opened = UserNetwork.open(card.settings(), this::emit, blocking);
      undo.push(opened::close);
      for (PublishedPort port : user.published()) {
        opened.publish(port);
      }
      opened.listen(card.socket());
      users.add(opened);
      if (user.publishesExposed() && exposed == null) {
        exposed = opened;
      }
      cards.add(card.card());
      choices.add(
          new Choice(
              "network " + card.card().name(),
              "user mode, " + card.card().addressText(),
              "it was asked for; the guest reaches " + user.egress()));
      return;
    }
    TapCards taps = new TapCards(sandboxId, undo);
    String how;
    if (network instanceof Network.Tap tap) {
      cards.add(taps.existing(tap, cards.size()));
      how = "TAP interface " + tap.interfaceName();
    } else if (network instanceof Network.Bridge bridge) {
      cards.add(taps.bridged(bridge, cards.size()));
      how = "bridge " + bridge.bridge();
    } else {
      Path path = ((Network.Namespace) network).path();
      if (networking.networks().size() > 1) {
        throw new KataException(
            ErrorCode.INVALID_CONFIGURATION,
            "a sandbox in network namespace " + path + " has no other networks");
      }
      cards.addAll(taps.inNamespace(path, 0));
      namespace = Optional.of(path);
      how = "network namespace " + path;
    }
    choices.add(new Choice("network", how, "it was asked for; the host filters what passes"));
  }

  private void emit(SandboxEvent event) {
    Consumer<SandboxEvent> to = events;
    if (to != null) {
      to.accept(event);
    }
  }

  /** From now on refused attempts are told. */
  public void tell(Consumer<SandboxEvent> consumer) {
    events = consumer;
  }

  /** What the machine is to be connected to. */
  public VmNetwork vmNetwork() {
    return new VmNetwork(cards.stream().map(GuestCard::nic).toList(), namespace);
  }

  /** Sets the cards up in the guest, which has them by now. */
  public void configure(AgentClient client) {
    GuestCard.configure(cards, client);
  }

  /** The lines of the guest's resolv.conf; empty when there is nobody to ask. */
  public List<String> resolvConf() {
    List<String> lines = new ArrayList<>();
    if (!users.isEmpty()) {
      cards.stream()
          .flatMap(card -> card.nameServer().stream())
          .findFirst()
          .ifPresent(server -> lines.add("nameserver " + server));
    } else {
      networking
          .nameServers()
          .forEach(server -> lines.add("nameserver " + IpPort.parse(server, 53).address()));
    }
    if (!networking.searchDomains().isEmpty()) {
      lines.add("search " + String.join(" ", networking.searchDomains()));
    }
    return lines;
  }

  /** The lines of the containers' hosts file. */
  public List<String> hosts(String hostname) {
    List<String> lines =
        new ArrayList<>(List.of("127.0.0.1 localhost", "::1 localhost ip6-localhost"));
    lines.add(
        cards.stream().flatMap(card -> card.address().stream()).findFirst().orElse("127.0.1.1")
            + " "
            + hostname);
    cards.forEach(card -> lines.addAll(card.hosts()));
    networking.hosts().forEach((name, address) -> lines.add(address + " " + name));
    return lines;
  }

  public List<Choice> choices() {
    List<Choice> all =
        new ArrayList<>(
            cards.isEmpty()
                ? List.of(new Choice("network", "none", "no network was asked for"))
                : choices);
    String search = String.join(" ", networking.searchDomains());
    if (networking.searchDomains().size() > OLD_SEARCH_DOMAINS
        || search.length() > OLD_SEARCH_LENGTH) {
      all.add(
          new Choice(
              "search domains",
              search,
              "all were asked for; glibc before 2.26 uses six with 256 characters, and musl none of"
                  + " a longer line"));
    }
    return all;
  }

  @Override
  public List<Mapping> published() {
    return users.stream().flatMap(network -> network.published().stream()).toList();
  }

  @Override
  public Mapping publish(PublishedPort port) {
    if (users.isEmpty()) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "port "
              + port
              + " of sandbox "
              + sandboxId
              + " cannot be published: the sandbox has no user network",
          Details.none()
              .withSandbox(sandboxId)
              .withRemedy("Start the sandbox with network(Network.user())"));
    }
    try {
      return users.get(0).publish(port);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.NETWORK_UNAVAILABLE,
          "port " + port + " of sandbox " + sandboxId + " cannot be published: " + e.getMessage(),
          Details.none()
              .withSandbox(sandboxId)
              .withRemedy("Choose another port of the host, or none for a free one")
              .withCause(e));
    }
  }

  /** Publishes what an image exposes, if that was asked for; what is published stays. */
  public void publishExposed(ImageConfig config) {
    UserNetwork network = exposed;
    if (network == null) {
      return;
    }
    exposing.lock();
    try {
      for (PublishedPort port : ExposedPorts.of(config)) {
        if (published().stream()
            .noneMatch(
                one -> one.protocol() == port.protocol() && one.guestPort() == port.guestPort())) {
          network.publish(port);
        }
      }
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.NETWORK_UNAVAILABLE,
          "the ports that the image exposes cannot be published: " + e.getMessage(),
          Details.none().withSandbox(sandboxId).withCause(e));
    } finally {
      exposing.unlock();
    }
  }

  @Override
  public boolean unpublish(Protocol protocol, int guestPort) {
    boolean was = false;
    for (UserNetwork network : users) {
      was |= network.unpublish(protocol, guestPort);
    }
    return was;
  }

  /** The published ports at which the guest listens now. */
  public ListeningPorts listening() {
    return ListeningPorts.of(users);
  }

  /** Waits until the guest listens at these, for that long at most. */
  public void awaitListening(ListeningPorts ports, Duration limit, BooleanSupplier pointless) {
    ports.await(users, limit, pointless);
  }

  @Override
  public NetworkStatistics statistics() {
    return users.stream()
        .map(UserNetwork::statistics)
        .reduce(NetworkStatistics.NONE, NetworkStatistics::plus);
  }

  /** Gives back whatever was taken on the host. Idempotent. */
  @Override
  public void close() {
    Ending end = new Ending("the networks of sandbox " + sandboxId);
    undo.runInto(end, "removing what was made on the host");
    end.orThrow();
  }
}
