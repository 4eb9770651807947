package io.katajava.internal.cards;

import io.katajava.Network.Mapping;
import io.katajava.PublishedPort.Protocol;
import io.katajava.internal.net.UserNetwork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Published TCP ports at which the guest listens. Connections to a published port are taken by the
 * host's kernel in any case; so whoever has had a service there is given a copy of it, or the
 * service back, only when it listens again.
 */
public final class ListeningPorts {
  private static final Logger log = LoggerFactory.getLogger(ListeningPorts.class);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(4);
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(50);

  /** A port of the guest on one of its networks, in their order. */
  private record Port(int network, int guestPort) {}

  private final List<Port> ports;

  private ListeningPorts(List<Port> ports) {
    this.ports = ports;
  }

  /** Those of a sandbox's user networks now. */
  static ListeningPorts of(List<UserNetwork> networks) {
    List<Port> published = new ArrayList<>();
    for (int i = 0; i < networks.size(); i++) {
      for (Mapping mapping : networks.get(i).published()) {
        if (mapping.protocol() == Protocol.TCP) {
          published.add(new Port(i, mapping.guestPort()));
        }
      }
    }
    return new ListeningPorts(listening(networks, published));
  }

  private static List<Port> listening(List<UserNetwork> networks, List<Port> of) {
    List<CompletableFuture<Boolean>> asked =
        of.stream()
            .map(port -> networks.get(port.network()).isListening(port.guestPort()))
            .toList();
    List<Port> listening = new ArrayList<>();
    try {
      for (int i = 0; i < asked.size(); i++) {
        if (asked.get(i).get(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
          listening.add(of.get(i));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.debug("a network does not say what is listened at", e);
    }
    return listening;
  }

  /** Those that are not among others. */
  public ListeningPorts without(ListeningPorts others) {
    return new ListeningPorts(ports.stream().filter(port -> !others.ports.contains(port)).toList());
  }

  public boolean isEmpty() {
    return ports.isEmpty();
  }

  /** Waits until all are listened at, as long as that may be; an interrupt ends it as well. */
  void await(List<UserNetwork> networks, Duration limit, BooleanSupplier pointless) {
    long begun = System.nanoTime();
    List<Port> missing = new ArrayList<>(ports);
    while (!missing.isEmpty()) {
      missing.removeAll(listening(networks, missing));
      if (missing.isEmpty()) {
        return;
      }
      if (System.nanoTime() - begun > limit.toNanos()
          || pointless.getAsBoolean()
          || Thread.currentThread().isInterrupted()) {
        log.info("nothing listens at the published ports {} yet", missing);
        return;
      }
      LockSupport.parkNanos(PAUSE);
    }
  }
}
