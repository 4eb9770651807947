package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import io.katajava.IpFamily;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Applies an {@link EgressPolicy}. Knows which addresses the names in its rules stand for. */
final class EgressCheck {
  /** Names that are told in events; beyond this many the oldest are forgotten. */
  private static final int MOST_TOLD = 4096;

  /**
   * What was decided.
   *
   * @param allowed whether the guest may
   * @param later whether that cannot be said yet: the guest is to ask again
   * @param reason why, a clause
   * @param name a name of the address, if the guest asked for one
   */
  record Decision(boolean allowed, boolean later, String reason, @Nullable String name) {
    Decision(boolean allowed, String reason, @Nullable String name) {
      this(allowed, false, reason, name);
    }
  }

  private final EgressPolicy policy;
  private final Map<EgressPolicy.Rule, IpRange> ranges = new HashMap<>();
  private final Map<EgressPolicy.Rule, NamedRule> named = new LinkedHashMap<>();

  private Runnable narrowed = () -> {};

  /** For events alone: nothing is decided by them. */
  private final Map<Ip, String> told =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Ip, String> eldest) {
          return size() > MOST_TOLD;
        }
      };

  EgressCheck(EgressPolicy policy) {
    this.policy = policy;
    for (EgressPolicy.Rule rule : policy.rules()) {
      if (rule.isAddress()) {
        ranges.put(rule, IpRange.parse(rule.destination()));
      } else {
        named.putIfAbsent(rule, new NamedRule(rule));
      }
    }
  }

  /** The rules whose names' addresses we have to find out. */
  List<NamedRule> watched() {
    return named.values().stream().filter(NamedRule::isWatched).toList();
  }

  /** Whether the guest may send to a port of an address. */
  Decision decide(Ip address, int port) {
    String name = told.get(address);
    if (SpecialAddresses.isMapped(address)) {
      return new Decision(false, "it is an IPv4 address written as an IPv6 address", name);
    }
    // What denies an IPv4 address denies the way there by a translator, too.
    Ip behind = SpecialAddresses.behind(address);
    boolean addressAllowed = false;
    boolean nameAllowed = false;
    NamedRule unsure = null;
    for (EgressPolicy.Rule rule : policy.rules()) {
      if (!rule.ports().isEmpty() && !rule.ports().contains(port)) {
        continue;
      }
      boolean matches = isOf(rule, address);
      if (!rule.allowed()) {
        if (matches || (behind != null && isOf(rule, behind))) {
          return new Decision(false, "the rule '" + rule + "'", name);
        }
        NamedRule of = named.get(rule);
        if (of != null
            && (of.isUnsure(address.family()) || (behind != null && of.isUnsure(IpFamily.IPV4)))) {
          // One that waits for nothing more decides.
          unsure = unsure == null || unsure.isAsking() ? of : unsure;
        }
        continue;
      }
      addressAllowed |= matches && rule.isAddress();
      nameAllowed |= matches && !rule.isAddress();
    }
    Decision decision = decide(address, name, addressAllowed, nameAllowed);
    if (decision.allowed() && unsure != null) {
      return new Decision(
          false,
          unsure.isAsking(),
          "it is not known whether the rule '"
              + unsure.rule()
              + "' denies it: the addresses of"
              + " that name are not known",
          name);
    }
    return decision;
  }

  private boolean isOf(EgressPolicy.Rule rule, Ip address) {
    IpRange range = ranges.get(rule);
    NamedRule names = named.get(rule);
    return range != null ? range.contains(address) : names != null && names.contains(address);
  }

  private Decision decide(
      Ip address, @Nullable String name, boolean addressAllowed, boolean nameAllowed) {
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
      if (!rule.isAddress() && rule.matches(name)) {
        if (!rule.allowed() && rule.ports().isEmpty()) {
          return new Decision(false, "the rule '" + rule + "'", name);
        }
        allowed |= rule.allowed();
      }
    }
    return new Decision(allowed, allowed ? "it may be asked for" : "no rule allows it", name);
  }

  /** The rule that denies one of the names behind an answer, be it by another name; or null. */
  EgressPolicy.@Nullable Rule denied(Collection<String> names) {
    for (EgressPolicy.Rule rule : policy.rules()) {
      if (!rule.allowed()
          && !rule.isAddress()
          && rule.ports().isEmpty()
          && names.stream().anyMatch(rule::matches)) {
        return rule;
      }
    }
    return null;
  }

  /**
   * The guest is told these addresses for that name. A rule that allows is for the name that was
   * asked for, one that denies for those behind it as well.
   */
  void told(String name, Collection<String> behind, Collection<Ip> addresses) {
    List<NamedRule> rules = new ArrayList<>();
    for (NamedRule one : named.values()) {
      if (one.isFor(name) || (!one.rule().allowed() && behind.stream().anyMatch(one::isFor))) {
        rules.add(one);
      }
    }
    addresses.forEach(address -> told.put(address, name));
    add(rules, addresses);
  }

  /** Addresses of the names of rules. */
  void add(Collection<NamedRule> rules, Collection<Ip> addresses) {
    boolean more = false;
    for (NamedRule rule : rules) {
      for (Ip address : addresses) {
        more |= rule.add(address);
      }
    }
    if (more) {
      narrowed.run();
    }
  }

  /** What is to be done when something is denied that was not; what is open may be of that. */
  void whenNarrowed(Runnable then) {
    narrowed = then;
  }
}
