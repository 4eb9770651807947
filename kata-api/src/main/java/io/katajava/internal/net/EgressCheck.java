package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import io.katajava.Ipv4Range;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Applies an {@link EgressPolicy}. Knows which names the guest was told which addresses for. */
final class EgressCheck {
  private static final Logger log = LoggerFactory.getLogger(EgressCheck.class);

  /** Beyond this many addresses those that were asked for longest ago are forgotten. */
  private static final int MOST_ADDRESSES = 4096;

  private static final int MOST_NAMES_OF_ONE = 16;

  /** What is not of the public internet (RFC 6890), with what it is. */
  private static final Map<Ipv4Range, String> SPECIAL = special();

  /**
   * What was decided.
   *
   * @param allowed whether the guest may
   * @param reason why, a clause
   * @param name a name of the address, if the guest asked for one
   */
  record Decision(boolean allowed, String reason, @Nullable String name) {}

  private final EgressPolicy policy;
  private final Map<Integer, Set<String>> names =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Set<String>> eldest) {
          return size() > MOST_ADDRESSES;
        }
      };

  EgressCheck(EgressPolicy policy) {
    this.policy = policy;
  }

  private static Map<Ipv4Range, String> special() {
    Map<Ipv4Range, String> ranges = new LinkedHashMap<>();
    ranges.put(Ipv4Range.parse("168.63.129.16"), "a metadata address");
    ranges.put(Ipv4Range.parse("169.254.169.254"), "a metadata address");
    ranges.put(Ipv4Range.parse("100.100.100.200"), "a metadata address");
    ranges.put(Ipv4Range.parse("192.0.0.192"), "a metadata address");
    ranges.put(Ipv4Range.parse("10.0.0.0/8"), "a private address");
    ranges.put(Ipv4Range.parse("172.16.0.0/12"), "a private address");
    ranges.put(Ipv4Range.parse("192.168.0.0/16"), "a private address");
    ranges.put(Ipv4Range.parse("100.64.0.0/10"), "a carrier's shared address");
    ranges.put(Ipv4Range.parse("127.0.0.0/8"), "a loopback address");
    ranges.put(Ipv4Range.parse("169.254.0.0/16"), "a link-local address");
    ranges.put(Ipv4Range.parse("224.0.0.0/4"), "a multicast address");
    for (String reserved :
        List.of(
            "0.0.0.0/8",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4")) {
      ranges.put(Ipv4Range.parse(reserved), "a reserved address");
    }
    return ranges;
  }

  /** Whether the guest may send to a port of an address. */
  Decision decide(int address, int port) {
    Set<String> known = names.getOrDefault(address, Set.of());
    String name = known.isEmpty() ? null : known.iterator().next();
    boolean addressAllowed = false;
    boolean nameAllowed = false;
    for (EgressPolicy.Rule rule : policy.rules()) {
      if (!rule.ports().isEmpty() && !rule.ports().contains(port)) {
        continue;
      }
      boolean matches =
          rule.isAddress()
              ? Ipv4Range.parse(rule.destination()).contains(address)
              : known.stream().anyMatch(one -> isNamed(rule, one));
      if (matches && !rule.allowed()) {
        return new Decision(false, "the rule '" + rule + "'", name);
      }
      addressAllowed |= matches && rule.isAddress();
      nameAllowed |= matches && !rule.isAddress();
    }
    if (addressAllowed) {
      return new Decision(true, "a rule allows the address", name);
    }
    String special = special(address);
    if (special != null) {
      return new Decision(false, "it is " + special, name);
    }
    if (nameAllowed) {
      return new Decision(true, "a rule allows the name", name);
    }
    return policy.isPublicAllowed()
        ? new Decision(true, "it is a public address", name)
        : new Decision(false, "no rule allows it", name);
  }

  /** Whether the guest may learn the addresses of a name; asking alone can carry data out. */
  Decision decideName(String name) {
    boolean allowed = policy.isPublicAllowed();
    for (EgressPolicy.Rule rule : policy.rules()) {
      if (!rule.isAddress() && isNamed(rule, name)) {
        if (!rule.allowed() && rule.ports().isEmpty()) {
          return new Decision(false, "the rule '" + rule + "'", name);
        }
        allowed |= rule.allowed();
      }
    }
    return new Decision(allowed, allowed ? "it may be asked for" : "no rule allows it", name);
  }

  /** The guest was told this address for this name. */
  void pin(String name, int address) {
    Set<String> all = names.computeIfAbsent(address, key -> new LinkedHashSet<>());
    if (all.size() < MOST_NAMES_OF_ONE) {
      all.add(name);
    }
  }

  private static boolean isNamed(EgressPolicy.Rule rule, String name) {
    String wanted = rule.destination();
    return wanted.startsWith("*.")
        ? name.length() > wanted.length() - 1 && name.endsWith(wanted.substring(1))
        : name.equals(wanted);
  }

  private static @Nullable String special(int address) {
    for (Map.Entry<Ipv4Range, String> range : SPECIAL.entrySet()) {
      if (range.getKey().contains(address)) {
        return range.getValue();
      }
    }
    return isOurs(address) ? "an address of the host" : null;
  }

  private static boolean isOurs(int address) {
    try {
      return NetworkInterface.getByInetAddress(inet(address)) != null;
    } catch (SocketException e) {
      // What cannot be told apart from the host is not opened.
      log.debug("cannot tell whether {} is the host's", Ipv4Range.text(address), e);
      return true;
    }
  }

  static InetAddress inet(int address) {
    byte[] bytes = {
      (byte) (address >>> 24), (byte) (address >>> 16), (byte) (address >>> 8), (byte) address
    };
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }
}
