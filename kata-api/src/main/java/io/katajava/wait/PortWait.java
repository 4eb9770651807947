package io.katajava.wait;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Waits until ports are listened at. */
final class PortWait implements WaitStrategy {
  private final List<Integer> ports;

  PortWait(int... ports) {
    if (ports.length == 0) {
      throw new IllegalArgumentException("a wait for ports needs at least one port");
    }
    for (int port : ports) {
      if (port < 1 || port > 65535) {
        throw new IllegalArgumentException("a port is 1 to 65535, got " + port);
      }
    }
    this.ports = IntStream.of(ports).boxed().toList();
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    waiting.poll(
        () -> {
          Set<Integer> listening =
              waiting.await(Asking.on(waiting, waiting.container()::listeningPorts));
          if (listening.containsAll(ports)) {
            return true;
          }
          waiting.missing(
              listening.isEmpty()
                  ? "nothing listens at any port"
                  : "the only ports at which something listens are " + new TreeSet<>(listening));
          return false;
        });
  }

  @Override
  public String describe() {
    return (ports.size() == 1 ? "port " : "ports ")
        + ports.stream().map(String::valueOf).collect(Collectors.joining(", "))
        + " to have a listener";
  }
}
