package io.katajava.junit.testcontainers;

import io.katajava.Kata;
import io.katajava.PublishedPort;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.spi.Ending;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Containers that reach each other by their aliases: they share one sandbox, which is started with
 * the first and ends with the last of them. They share its network, too, so every alias is the
 * loopback, and no two of them can listen at the same port.
 */
public final class KataNetwork implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private final List<StartSettings<?>> members = new ArrayList<>();
  private final Set<KataContainer> running = new HashSet<>();
  private SandboxNeeds needs = new SandboxNeeds();
  private Consumer<SandboxBuilder> settings = sandbox -> {};
  private @Nullable Kata kata;
  private @Nullable Sandbox sandbox;

  private KataNetwork() {}

  /**
   * Makes a network; nothing is started yet.
   *
   * @return a network
   */
  public static KataNetwork newNetwork() {
    return new KataNetwork();
  }

  /**
   * Starts the sandbox with this runtime. Default: one that all containers share.
   *
   * @param kata who closes it is who made it
   * @return this
   */
  public KataNetwork withKata(Kata kata) {
    this.kata = kata;
    return this;
  }

  /**
   * Settles how the sandbox is, such as its memory. Default: as the hypervisor's configuration
   * says.
   *
   * @param settings applied after the network and the hosts' names
   * @return this
   */
  public KataNetwork withSandbox(Consumer<SandboxBuilder> settings) {
    this.settings = settings;
    return this;
  }

  void add(StartSettings<?> container) {
    lock.lock();
    try {
      members.add(container);
    } finally {
      lock.unlock();
    }
  }

  void remove(StartSettings<?> container) {
    lock.lock();
    try {
      members.remove(container);
    } finally {
      lock.unlock();
    }
  }

  boolean hasOthersThan(KataContainer container) {
    lock.lock();
    try {
      return running.stream().anyMatch(one -> one != container);
    } finally {
      lock.unlock();
    }
  }

  /** A port that another container exposes, and this one does not, is not this one's. */
  void requireMayAsk(KataContainer container, int port) {
    if (container.exposes(port)) {
      return;
    }
    lock.lock();
    try {
      running.stream()
          .filter(one -> one.exposes(port))
          .findFirst()
          .ifPresent(
              other -> {
                throw new IllegalArgumentException(
                    container.label()
                        + " does not expose port "
                        + port
                        + "; "
                        + other.label()
                        + " of the same network does");
              });
    } finally {
      lock.unlock();
    }
  }

  /** All containers of a sandbox share its ports: the first would answer for the second. */
  private void requireOwnPorts(KataContainer container) {
    for (KataContainer other : running) {
      for (int port : container.portsWanted()) {
        if (other != container && other.exposes(port)) {
          throw new IllegalStateException(
              container.label()
                  + " cannot be started: it exposes port "
                  + port
                  + ", as does "
                  + other.label()
                  + ", which runs in the same network, and the containers of a network share one"
                  + " machine with one set of ports; give it another port or another network");
        }
      }
    }
  }

  /** The sandbox, with this container's ports published and aliases known. */
  Sandbox join(KataContainer container) {
    lock.lock();
    try {
      requireOwnPorts(container);
      Sandbox shared = sandbox;
      if (shared == null) {
        needs = new SandboxNeeds();
        members.forEach(needs::add);
        shared = needs.sandbox(kata, settings).start();
        sandbox = shared;
      } else {
        admit(container, shared);
      }
      running.add(container);
      return shared;
    } finally {
      lock.unlock();
    }
  }

  /** One that was made only after the sandbox had been started. */
  private void admit(KataContainer container, Sandbox shared) {
    Set<String> unknown = needs.missing(container);
    if (!unknown.isEmpty()) {
      throw new IllegalStateException(
          "the network's sandbox has started and does not know the names "
              + unknown
              + "; settle the network, the aliases, the further hosts and the access to the host of"
              + " all of its containers before the first of them is started");
    }
    for (PublishedPort port : container.published()) {
      if (shared.network().published().stream()
          .noneMatch(
              one -> one.protocol() == port.protocol() && one.guestPort() == port.guestPort())) {
        shared.network().publish(port);
      }
    }
  }

  void leave(KataContainer container) {
    lock.lock();
    try {
      Sandbox shared = sandbox;
      if (running.remove(container) && running.isEmpty() && shared != null) {
        sandbox = null;
        shared.close();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends the sandbox with all containers that still run in it. Idempotent. */
  @Override
  public void close() {
    List<KataContainer> left;
    lock.lock();
    try {
      left = List.copyOf(running);
    } finally {
      lock.unlock();
    }
    Ending end = new Ending("the network");
    left.forEach(one -> end.step("stopping " + one.getDockerImageName(), one::stop));
    end.orThrow();
  }
}
