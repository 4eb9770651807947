package io.katajava.internal.sandbox;

import io.katajava.ContainerStats;
import io.katajava.IpFamily;
import io.katajava.KataException;
import io.katajava.SandboxStats;
import io.katajava.agent.AgentClient;
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.VolumeStats;
import io.katajava.internal.container.VmContainer;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What a sandbox's agent is asked about the guest as a whole, one call each. */
final class GuestCalls {
  private final GuestSession session;
  private final SandboxStates states;
  private final SandboxContainers containers;

  GuestCalls(GuestSession session, SandboxStates states, SandboxContainers containers) {
    this.session = session;
    this.states = states;
    this.containers = containers;
  }

  private <T> T ask(String attempt, Function<AgentClient, T> call) {
    states.requireRunning(attempt);
    return AgentFailures.translating(attempt, session, () -> call.apply(session.link().client()));
  }

  String metrics() {
    return ask("read the guest's figures", client -> client.diagnostics().metrics());
  }

  SandboxStats stats() {
    GuestFigures figures = new GuestFigures(metrics());
    Map<String, ContainerStats> each = new TreeMap<>();
    for (VmContainer container : containers.all()) {
      try {
        each.put(container.name(), container.stats());
      } catch (KataException e) {
        // One that is being made, or was closed since, has none; a sandbox that was lost has said
        // so.
        states.requireRunning("read the figures of container " + container.name());
      }
    }
    return figures.with(each);
  }

  String ipTables(IpFamily family) {
    return ask(
        "read the guest's packet filter",
        client ->
            new String(client.network().ipTables(family == IpFamily.IPV6), StandardCharsets.UTF_8));
  }

  void setIpTables(IpFamily family, String rules) {
    ask(
        "set the guest's packet filter",
        client ->
            client
                .network()
                .setIpTables(family == IpFamily.IPV6, rules.getBytes(StandardCharsets.UTF_8)));
  }

  void setPolicy(String policy) {
    ask(
        "set the agent's policy",
        client -> {
          client.diagnostics().setPolicy(policy);
          return policy;
        });
  }

  List<NetworkInterface> interfaces() {
    return ask("list the guest's interfaces", client -> client.network().listInterfaces());
  }

  List<NetworkRoute> routes() {
    return ask("list the guest's routes", client -> client.network().listRoutes());
  }

  NetworkInterface updateInterface(NetworkInterface wanted) {
    return ask(
        "set up interface " + wanted.name() + " of the guest",
        client -> client.network().updateInterface(wanted));
  }

  List<NetworkRoute> updateRoutes(List<NetworkRoute> routes) {
    return ask("set routes of the guest", client -> client.network().updateRoutes(routes));
  }

  void addNeighbors(List<ArpNeighbor> neighbors) {
    ask(
        "make neighbours known to the guest",
        client -> {
          client.network().addArpNeighbors(neighbors);
          return neighbors;
        });
  }

  VolumeStats volumeStats(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException(
          "a volume is named by its absolute path in the guest, got '" + path + "'");
    }
    return ask(
        "read how full " + path + " of the guest is", client -> client.files().volumeStats(path));
  }
}
