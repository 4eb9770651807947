package io.katajava.junit.testcontainers;

import io.katajava.Kata;
import io.katajava.Network;
import io.katajava.PublishedPort;
import io.katajava.SandboxBuilder;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the containers of a sandbox want of its network, together. */
final class SandboxNeeds {
  /** Testcontainers' own name for the host. */
  private static final String HOST = "host.testcontainers.internal";

  private final Map<String, PublishedPort> ports = new LinkedHashMap<>();
  private final Set<Integer> hostPorts = new LinkedHashSet<>();
  private final Map<String, String> hosts = new LinkedHashMap<>();
  private final Set<String> aliases = new LinkedHashSet<>();

  void add(ConnectionSettings<?> container) {
    container
        .published()
        .forEach(
            port ->
                ports.merge(
                    port.protocol() + "/" + port.guestPort(),
                    port,
                    // Who names a port of the host is heard.
                    (known, more) -> known.hostPort() == 0 ? more : known));
    hostPorts.addAll(container.hostPorts());
    hosts.putAll(container.extraHosts());
    aliases.addAll(container.getNetworkAliases());
  }

  /** The host names and ports of the host that these lack and this container wants. */
  Set<String> missing(ConnectionSettings<?> container) {
    Set<String> missing = new LinkedHashSet<>(container.getNetworkAliases());
    missing.removeAll(aliases);
    Set<Integer> more = new HashSet<>(container.hostPorts());
    more.removeAll(hostPorts);
    more.forEach(port -> missing.add(HOST + ":" + port));
    container
        .extraHosts()
        .forEach(
            (name, address) -> {
              if (!address.equals(hosts.get(name))) {
                missing.add(name);
              }
            });
    return missing;
  }

  SandboxBuilder sandbox(@Nullable Kata kata, Consumer<SandboxBuilder> settings) {
    SandboxBuilder builder = (kata == null ? SharedRuntime.get() : kata).sandbox();
    builder.network(
        Network.user(
            network -> {
              ports.values().forEach(network::publish);
              hostPorts.forEach(port -> network.relay(HOST, port, port));
            }));
    hosts.forEach(builder::addHost);
    aliases.forEach(alias -> builder.addHost(alias, "127.0.0.1"));
    settings.accept(builder);
    return builder;
  }
}
