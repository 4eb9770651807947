package io.katajava;

import io.katajava.internal.net.IpRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A policy that says to which destinations a sandbox may connect. Immutable: every change is a new
 * policy.
 *
 * <p>A rule that denies wins over all that allow. An address that is not of the public internet
 * (RFC 1918, unique local, shared, loopback, link-local, multicast, documentation and reserved
 * ranges, IPv6 addresses that translators take to such ones, the metadata services of clouds, the
 * host's own addresses) is refused unless a rule allows that <em>address</em>: a rule for a name
 * does not open it, so that no name server can lead a guest inside.
 *
 * <p>A rule that allows a name opens the addresses that the sandbox's own resolver answered with:
 * an address is that of a name once the guest has asked for it. A rule that denies a name closes
 * the addresses that the host finds for it, whether or not the guest has asked: they are looked up
 * when the sandbox starts and again and again, and every address that was found stays closed. As
 * long as they could not be looked up for the first time, nothing is reached at the rule's ports.
 */
public final class EgressPolicy {
  private static final Pattern NAME =
      Pattern.compile("(\\*\\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\\.)*[a-z0-9_-]{1,63}\\.?");
  private static final Pattern DIGITS = Pattern.compile("[0-9./]+|[0-9a-f]*:[0-9a-f:./]*");

  /** As much as a name server can be asked for, with a final dot. */
  private static final int LONGEST_NAME = 254;

  private static final EgressPolicy DENY_ALL = new EgressPolicy(false, List.of());
  private static final EgressPolicy PUBLIC = new EgressPolicy(true, List.of());

  private final boolean publicAllowed;
  private final List<Rule> rules;

  private EgressPolicy(boolean publicAllowed, List<Rule> rules) {
    this.publicAllowed = publicAllowed;
    this.rules = rules;
  }

  /**
   * Nothing is reached but what {@link #allow} opens; other names are not resolved.
   *
   * @return the policy
   */
  public static EgressPolicy denyAll() {
    return DENY_ALL;
  }

  /**
   * All of the public internet is reached, and nothing else: the default of a user network.
   *
   * @return the policy
   */
  public static EgressPolicy publicInternet() {
    return PUBLIC;
  }

  /**
   * Allows a destination.
   *
   * @param destination an address ({@code 10.1.2.3}, {@code 2001:db8::1}), a range ({@code
   *     10.1.0.0/16}, {@code fd12::/16}), a name ({@code example.org}) or all names below one
   *     ({@code *.example.org})
   * @param ports TCP and UDP ports; none for all
   * @return the policy with that rule
   * @throws IllegalArgumentException if it is none of these
   */
  public EgressPolicy allow(String destination, int... ports) {
    return with(Rule.of(true, destination, ports));
  }

  /**
   * Denies a destination, whatever else allows it.
   *
   * <p>All names below one ({@code *.example.org}) can only be denied where addresses are opened by
   * names alone, so after {@link #denyAll()} and without rules that allow addresses: nobody can
   * list these names, and a guest that knows an address of one needs no name.
   *
   * @param destination as for {@link #allow}
   * @param ports TCP and UDP ports; none for all
   * @return the policy with that rule
   * @throws IllegalArgumentException if it is none of these, or if it could not be kept
   */
  public EgressPolicy deny(String destination, int... ports) {
    return with(Rule.of(false, destination, ports));
  }

  private EgressPolicy with(Rule rule) {
    List<Rule> more = new ArrayList<>(rules);
    more.add(rule);
    refuseWhatCannotBeKept(publicAllowed, more);
    return new EgressPolicy(publicAllowed, List.copyOf(more));
  }

  private static void refuseWhatCannotBeKept(boolean publicAllowed, List<Rule> rules) {
    String open =
        publicAllowed
            ? "the public internet is"
            : rules.stream()
                .filter(rule -> rule.allowed() && rule.isAddress())
                .findFirst()
                .map(rule -> "'" + rule + "' has its addresses")
                .orElse(null);
    for (Rule rule : rules) {
      if (open != null && !rule.allowed() && rule.isWildcard()) {
        throw new IllegalArgumentException(
            "the rule '"
                + rule
                + "' cannot be enforced: "
                + open
                + " open to a guest that knows an address without a name, and nobody can list all"
                + " names below "
                + rule.destination().substring(2)
                + ". Deny the names one by one or their addresses, or begin with denyAll() and"
                + " allow names only");
      }
    }
  }

  /**
   * Whether public addresses are reached that no rule speaks of.
   *
   * @return true for what began as {@link #publicInternet()}
   */
  public boolean isPublicAllowed() {
    return publicAllowed;
  }

  /**
   * The rules, in the order they were given; the order means nothing.
   *
   * @return the rules
   */
  public List<Rule> rules() {
    return rules;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EgressPolicy policy
        && policy.publicAllowed == publicAllowed
        && policy.rules.equals(rules);
  }

  @Override
  public int hashCode() {
    return Objects.hash(publicAllowed, rules);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(publicAllowed ? "the public internet" : "nothing");
    rules.forEach(rule -> text.append(", ").append(rule));
    return text.toString();
  }

  /**
   * One rule.
   *
   * @param allowed whether it allows or denies
   * @param destination an address, a range, a name, or {@code *.} and a name; lower case
   * @param ports the ports; all when empty
   */
  public record Rule(boolean allowed, String destination, List<Integer> ports) {
    /** Copies the ports. */
    public Rule {
      ports = List.copyOf(ports);
    }

    private static Rule of(boolean allowed, String destination, int... ports) {
      String text = destination.toLowerCase(Locale.ROOT);
      if (DIGITS.matcher(text).matches()) {
        IpRange.parse(text);
      } else if (text.length() <= LONGEST_NAME && NAME.matcher(text).matches()) {
        text = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
      } else {
        throw new IllegalArgumentException(
            "'"
                + destination
                + "' is no destination: expected an address, a range like 10.0.0.0/8 or fd12::/16,"
                + " a name, or a name with '*.' before it; other letters than a to z as in"
                + " 'xn--bcher-kva.example'");
      }
      for (int port : ports) {
        if (port < 1 || port > 65535) {
          throw new IllegalArgumentException("a port is 1 to 65535, got " + port);
        }
      }
      return new Rule(allowed, text, Arrays.stream(ports).boxed().toList());
    }

    /**
     * Whether the destination is an address or a range of them.
     *
     * @return false for names
     */
    public boolean isAddress() {
      return DIGITS.matcher(destination).matches();
    }

    /**
     * Whether the destination is all names below one.
     *
     * @return true for {@code *.example.org}, which is not for {@code example.org} itself
     */
    public boolean isWildcard() {
      return destination.startsWith("*.");
    }

    /**
     * Whether the rule is for a name.
     *
     * @param name in lower case, without a final dot
     * @return false for rules of addresses
     */
    public boolean matches(String name) {
      if (isWildcard()) {
        return name.length() > destination.length() - 1 && name.endsWith(destination.substring(1));
      }
      return !isAddress() && name.equals(destination);
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(allowed ? "allow " : "deny ").append(destination);
      if (destination.indexOf(':') >= 0 && !ports.isEmpty()) {
        text.insert(text.length() - destination.length(), '[').append(']');
      }
      ports.forEach(port -> text.append(':').append(port));
      return text.toString();
    }
  }
}
