package io.katajava.internal.net;

import io.katajava.IpFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out the addresses of the names that rules deny, and again when what was found may have
 * changed: the guest may know an address without having asked for the name. Used by the network's
 * thread alone.
 */
final class DeniedNames {
  private static final Logger log = LoggerFactory.getLogger(DeniedNames.class);

  private static final int MOST_AT_ONCE = 4;
  private static final int SHORTEST_SECONDS = 5;
  private static final int LONGEST_SECONDS = 60;
  private static final int FIRST_RETRY_SECONDS = 1;
  private static final int SLOWEST_RETRY_SECONDS = 30;

  /** Asks for the addresses of a name in one family, or in both. */
  interface Lookup {
    /** What is known then. */
    interface Outcome {
      /**
       * Told once for each lookup.
       *
       * @param families of which everything is known
       * @param addresses of the name
       * @param seconds how long that holds
       */
      void done(Set<IpFamily> families, List<Ip> addresses, int seconds);
    }

    void lookUp(String name, Outcome outcome);
  }

  /** A name that is watched. */
  private static final class Watched {
    private final NamedRule rule;
    private long dueAt = System.nanoTime();
    private int retry = FIRST_RETRY_SECONDS;
    private boolean asking;

    Watched(NamedRule rule) {
      this.rule = rule;
    }
  }

  private final EgressCheck egress;
  private final Lookup lookup;
  private final Set<IpFamily> wanted;
  private final List<Watched> all = new ArrayList<>();
  private int asking;

  DeniedNames(EgressCheck egress, Set<IpFamily> wanted, Lookup lookup) {
    this.egress = egress;
    this.lookup = lookup;
    this.wanted = wanted;
    egress.watched().forEach(rule -> all.add(new Watched(rule)));
  }

  /** In how many milliseconds something is to be done; 0 for never, or when an answer comes. */
  long dueInMillis(long now) {
    if (asking >= MOST_AT_ONCE) {
      return 0;
    }
    long least = Long.MAX_VALUE;
    for (Watched one : all) {
      if (!one.asking) {
        least = Math.min(least, one.dueAt - now);
      }
    }
    return least == Long.MAX_VALUE ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(least) + 1);
  }

  void tick(long now) {
    for (Watched one : all) {
      if (asking < MOST_AT_ONCE && !one.asking && now - one.dueAt >= 0) {
        one.asking = true;
        asking++;
        lookup.lookUp(
            one.rule.rule().destination(),
            (families, addresses, seconds) -> found(one, families, addresses, seconds));
      }
    }
  }

  private void found(Watched one, Set<IpFamily> families, List<Ip> addresses, int seconds) {
    asking--;
    one.asking = false;
    egress.add(List.of(one.rule), addresses);
    families.forEach(one.rule::known);
    one.rule.asked();
    long now = System.nanoTime();
    if (families.containsAll(wanted)) {
      one.retry = FIRST_RETRY_SECONDS;
      int holds = Math.max(SHORTEST_SECONDS, Math.min(seconds, LONGEST_SECONDS));
      one.dueAt = now + TimeUnit.SECONDS.toNanos(holds);
    } else {
      log.debug("{}: its addresses could not be found out", one.rule.rule());
      one.dueAt = now + TimeUnit.SECONDS.toNanos(one.retry);
      one.retry = Math.min(2 * one.retry, SLOWEST_RETRY_SECONDS);
    }
  }
}
