package io.katajava.cli;

import io.katajava.EgressPolicy;
import io.katajava.GuestInterface;
import io.katajava.Network;
import io.katajava.PublishedPort;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of commands that start a sandbox: what it is connected to. */
final class NetworkOptions {
  /** {@code [[ADDRESS:]HOST:]GUEST[/udp]}, an IPv6 address in brackets. */
  private static final Pattern PUBLISHED =
      Pattern.compile(
          "(?:(?:([0-9.]+|\\[[0-9a-fA-F:.]+\\]):)?(\\d{0,5}):)?(\\d{1,5})(?:/(tcp|udp))?");

  /** {@code DEST:PORT}, {@code [IPV6]:PORT}; an IPv6 address alone is none. */
  private static final Pattern DESTINATION =
      Pattern.compile("(?:\\[([^\\]]+)\\]|([^:\\[\\]]+)):(\\d{1,5})");

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "[[ADDR:]HOST:]GUEST[/udp]",
      description = {
        "Publish a port of the guest at a port of the host, by default a free one of 127.0.0.1,",
        "which is printed on stderr; may be given several times. Implies --network user."
      })
  List<String> published = new ArrayList<>();

  @Option(
      names = {"-P", "--publish-all"},
      description = {
        "Publish every port that the image exposes at a free port of 127.0.0.1. Implies",
        "--network user."
      })
  boolean publishAll;

  @Option(
      names = "--network",
      paramLabel = "NETWORK",
      description = {
        "What the sandbox is connected to: none (default), user (no privilege needed),",
        "tap:INTERFACE, bridge:NAME or netns:NAME; may be given several times."
      })
  List<String> networks = new ArrayList<>();

  @Option(
      names = "--egress",
      paramLabel = "RULE",
      split = ",",
      description = {
        "Where a user network leads: public (default: the public internet), none,",
        "allow=DEST[:PORT] or deny=DEST[:PORT], where DEST is an address, a range (of IPv6",
        "in brackets where a port follows), a name or *.NAME. Implies --network user."
      })
  List<String> egress = new ArrayList<>();

  @Option(
      names = "--dns",
      paramLabel = "ADDR[:PORT]",
      description =
          "A name server for the guest instead of the host's; may be given several times.")
  List<String> dns = new ArrayList<>();

  @Option(
      names = "--dns-search",
      paramLabel = "DOMAIN",
      description = "A domain in which short names are looked up.")
  List<String> dnsSearch = new ArrayList<>();

  @Option(
      names = "--add-host",
      paramLabel = "NAME:ADDR",
      description = "A line for the container's hosts file; may be given several times.")
  List<String> hosts = new ArrayList<>();

  @Option(
      names = "--ip",
      paramLabel = "ADDR/PREFIX",
      description = "The guest's address on the first network.")
  List<String> addresses = new ArrayList<>();

  @Option(
      names = "--gateway",
      paramLabel = "ADDR",
      description = "The gateway of the first network.")
  List<String> gateways = new ArrayList<>();

  @Option(
      names = "--mtu",
      paramLabel = "BYTES",
      description = "The largest packet on the first network.")
  @Nullable Integer mtu;

  @SuppressWarnings("NullAway.Init")
  NetworkOptions() {}

  SandboxBuilder describe(SandboxBuilder builder) {
    try {
      List<String> wanted = new ArrayList<>(networks);
      if (wanted.isEmpty() && (publishes() || !egress.isEmpty())) {
        wanted.add("user");
      }
      List<Network> all = new ArrayList<>();
      for (String network : wanted) {
        all.add(network(network, all.isEmpty()));
      }
      if (publishes() && all.stream().noneMatch(Network.User.class::isInstance)) {
        throw new IllegalArgumentException("-p and -P need --network user");
      }
      builder.network(all.toArray(Network[]::new));
      builder.dns(dns.toArray(String[]::new)).dnsSearch(dnsSearch.toArray(String[]::new));
      Map<String, String> added = new HashMap<>();
      for (String host : hosts) {
        int colon = host.indexOf(':');
        if (colon <= 0) {
          throw new IllegalArgumentException("--add-host takes NAME:ADDR, got '" + host + "'");
        }
        String name = host.substring(0, colon);
        String address = host.substring(colon + 1);
        String before = added.putIfAbsent(name, address);
        if (before != null && !before.equals(address)) {
          throw new IllegalArgumentException(
              "--add-host gives " + name + " two addresses, " + before + " and " + address);
        }
        builder.addHost(name, address);
      }
      return builder;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private Network network(String text, boolean first) {
    int colon = text.indexOf(':');
    String kind = colon < 0 ? text : text.substring(0, colon);
    String rest = colon < 0 ? "" : text.substring(colon + 1);
    return switch (kind) {
      case "none" -> Network.none();
      case "user" -> Network.user(user -> user(user, first));
      case "tap" -> Network.tap(rest, guest -> guest(guest, first));
      case "bridge" -> Network.bridge(rest, guest -> guest(guest, first));
      case "netns" -> Network.namespace(rest);
      default ->
          throw new IllegalArgumentException(
              "--network takes none, user, tap:INTERFACE, bridge:NAME or netns:NAME, got '"
                  + text
                  + "'");
    };
  }

  private void guest(GuestInterface.Builder guest, boolean first) {
    if (first) {
      addresses.forEach(guest::address);
      gateways.forEach(guest::gateway);
      if (mtu != null) {
        guest.mtu(mtu);
      }
    }
  }

  private void user(Network.UserBuilder user, boolean first) {
    user.egress(policy());
    user.guest(guest -> guest(guest, first));
    if (first) {
      published.forEach(text -> user.publish(port(text)));
      if (publishAll) {
        user.publishExposed();
      }
    }
  }

  private EgressPolicy policy() {
    EgressPolicy policy =
        egress.contains("none") ? EgressPolicy.denyAll() : EgressPolicy.publicInternet();
    for (String rule : egress) {
      if (rule.equals("none") || rule.equals("public")) {
        continue;
      }
      int equals = rule.indexOf('=');
      String verb = equals < 0 ? "" : rule.substring(0, equals);
      String destination = rule.substring(equals + 1);
      Matcher matcher = DESTINATION.matcher(destination);
      boolean withPort = matcher.matches();
      int[] ports = withPort ? new int[] {number(matcher.group(3))} : new int[0];
      String to =
          !withPort ? destination : matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
      policy =
          switch (verb) {
            case "allow" -> policy.allow(to, ports);
            case "deny" -> policy.deny(to, ports);
            default ->
                throw new IllegalArgumentException(
                    "--egress takes none, public, allow=DEST[:PORT] or deny=DEST[:PORT], got '"
                        + rule
                        + "'");
          };
    }
    return policy;
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is not a port", e);
    }
  }

  static PublishedPort port(String text) {
    Matcher matcher = PUBLISHED.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("-p takes [[ADDR:]HOST:]GUEST[/udp], got '" + text + "'");
    }
    int guest = number(matcher.group(3));
    PublishedPort port =
        "udp".equals(matcher.group(4)) ? PublishedPort.udp(guest) : PublishedPort.tcp(guest);
    String host = matcher.group(2);
    if (host != null && !host.isEmpty()) {
      port = port.onHostPort(number(host));
    }
    String address = matcher.group(1);
    return address == null ? port : port.onHostAddress(address.replaceAll("[\\[\\]]", ""));
  }

  private boolean publishes() {
    return publishAll || !published.isEmpty();
  }

  /** Tells where the published ports are. */
  void announce(Sandbox sandbox, PrintWriter err) {
    if (publishes()) {
      sandbox.network().published().forEach(mapping -> err.println("kata: published " + mapping));
      err.flush();
    }
  }
}
