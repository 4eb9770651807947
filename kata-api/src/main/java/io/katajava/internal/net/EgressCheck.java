package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Applies an {@link EgressPolicy}. Knows which names the guest was told which addresses for. */
final class EgressCheck {
  /** Beyond this many addresses those that were asked for longest ago are forgotten. */
  private static final int MOST_ADDRESSES = 4096;

  private static final int MOST_NAMES_OF_ONE = 16;

  /**
   * What was decided.
   *
   * @param allowed whether the guest may
   * @param reason why, a clause
   * @param name a name of the address, if the guest asked for one
   */
  record Decision(boolean allowed, String reason, @Nullable String name) {}

  private final EgressPolicy policy;
  private final Map<EgressPolicy.Rule, IpRange> ranges = new HashMap<>();
  private final Map<Ip, Set<String>> names =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Ip, Set<String>> eldest) {
          return size() > MOST_ADDRESSES;
        }
      };

  EgressCheck(EgressPolicy policy) {
    this.policy = policy;
    for (EgressPolicy.Rule rule : policy.rules()) {
      if (rule.isAddress()) {
        ranges.put(rule, IpRange.parse(rule.destination()));
      }
    }
  }

  /** Whether the guest may send to a port of an address. */
  Decision decide(Ip address, int port) {
    Set<String> known = names.getOrDefault(address, Set.of());
    String name = known.isEmpty() ? null : known.iterator().next();
    if (SpecialAddresses.isMapped(address)) {
      return new Decision(false, "it is an IPv4 address in the guise of IPv6", name);
    }
    // What denies an IPv4 address denies the way there by a translator, too.
    Ip behind = SpecialAddresses.behind(address);
    boolean addressAllowed = false;
    boolean nameAllowed = false;
    for (EgressPolicy.Rule rule : policy.rules()) {
      if (!rule.ports().isEmpty() && !rule.ports().contains(port)) {
        continue;
      }
      IpRange range = ranges.get(rule);
      boolean matches =
          range == null
              ? known.stream().anyMatch(one -> isNamed(rule, one))
              : range.contains(address)
                  || (!rule.allowed() && behind != null && range.contains(behind));
      if (matches && !rule.allowed()) {
        return new Decision(false, "the rule '" + rule + "'", name);
      }
      addressAllowed |= matches && rule.isAddress();
      nameAllowed |= matches && !rule.isAddress();
    }
    if (addressAllowed) {
      return new Decision(true, "a rule allows the address", name);
    }
    String special = SpecialAddresses.what(address);
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
  void pin(String name, Ip address) {
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
}
