package io.katajava.internal.net;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The servers of one network in the order in which they are asked: as they were given, but those
 * that did not answer lately after the others, so that a dead one is not waited for with every
 * name. Whether it is alive again is found out with questions that others answer meanwhile. Used by
 * the network's thread alone.
 */
final class NameServers {
  private static final long AVOIDED = TimeUnit.SECONDS.toNanos(30);

  private final List<InetSocketAddress> given;
  private final LongSupplier clock;
  private final Map<InetSocketAddress, Long> silentSince = new HashMap<>();

  NameServers(List<InetSocketAddress> given) {
    this(given, System::nanoTime);
  }

  /** With a clock in nanoseconds. */
  NameServers(List<InetSocketAddress> given, LongSupplier clock) {
    this.given = List.copyOf(given);
    this.clock = clock;
  }

  boolean isEmpty() {
    return given.isEmpty();
  }

  List<InetSocketAddress> inOrder() {
    List<InetSocketAddress> order = new ArrayList<>(given);
    order.sort((one, other) -> Boolean.compare(isAvoided(one), isAvoided(other)));
    return order;
  }

  private boolean isAvoided(InetSocketAddress server) {
    return silentSince.containsKey(server);
  }

  void silent(InetSocketAddress server) {
    silentSince.put(server, clock.getAsLong());
  }

  void answered(InetSocketAddress server) {
    silentSince.remove(server);
  }

  /** Servers that were silent long ago and are to be asked besides; each is told once. */
  List<InetSocketAddress> toBeTried() {
    List<InetSocketAddress> due = new ArrayList<>();
    long now = clock.getAsLong();
    silentSince.replaceAll(
        (server, since) -> {
          if (now - since > AVOIDED) {
            due.add(server);
            return now;
          }
          return since;
        });
    return due;
  }
}
