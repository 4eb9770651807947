package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import io.katajava.IpFamily;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A rule for a name, and the addresses it stands for. Of a rule that allows they are those the
 * guest was told, and the ones that were told longest ago may be forgotten: then the guest has to
 * ask again. Of a rule that denies none is ever forgotten, whatever the guest asks for.
 */
final class NamedRule {
  /** Of a rule that allows. */
  static final int MOST_ALLOWED = 4096;

  /** Of a rule that denies; what has more is not told apart from the rest any more. */
  static final int MOST_DENIED = 65536;

  private final EgressPolicy.Rule rule;
  private final Set<Ip> addresses;
  private final Set<IpFamily> unknown = EnumSet.noneOf(IpFamily.class);
  private boolean asking;
  private boolean overflown;

  NamedRule(EgressPolicy.Rule rule) {
    this.rule = rule;
    this.addresses = rule.allowed() ? new LinkedHashSet<>() : new HashSet<>();
    if (isWatched()) {
      unknown.addAll(EnumSet.allOf(IpFamily.class));
      asking = true;
    }
  }

  EgressPolicy.Rule rule() {
    return rule;
  }

  /** Whether its addresses are to be found out by ourselves. */
  boolean isWatched() {
    return !rule.allowed() && !rule.isWildcard();
  }

  boolean isFor(String name) {
    return rule.matches(name);
  }

  /**
   * An address of a name that it is for.
   *
   * @return whether it denies more than before
   */
  boolean add(Ip address) {
    if (rule.allowed()) {
      // Told again, it is the last to be forgotten.
      addresses.remove(address);
      if (addresses.size() >= MOST_ALLOWED) {
        Iterator<Ip> oldest = addresses.iterator();
        oldest.next();
        oldest.remove();
      }
      addresses.add(address);
      return false;
    }
    if (addresses.size() < MOST_DENIED) {
      return addresses.add(address);
    }
    boolean full = !overflown && !addresses.contains(address);
    overflown |= full;
    return full;
  }

  /** What its name has in one family is known now, if it is nothing. */
  void known(IpFamily family) {
    unknown.remove(family);
  }

  /** The first attempt to find out has ended, one way or the other. */
  void asked() {
    asking = false;
  }

  boolean contains(Ip address) {
    return addresses.contains(address);
  }

  /** Whether an address of the family could be one of the name without our knowing. */
  boolean isUnsure(IpFamily family) {
    return overflown || unknown.contains(family);
  }

  /** Whether that is about to change. */
  boolean isAsking() {
    return asking && !overflown;
  }
}
