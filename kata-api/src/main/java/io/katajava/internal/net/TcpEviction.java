package io.katajava.internal.net;

import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Ends connections that are of no use where there is no room for others. Used by the network's
 * thread alone.
 */
final class TcpEviction {
  /** How long a far end may be silent when there is no room for another one. */
  private static final long DIALLING_PATIENCE = TimeUnit.SECONDS.toNanos(3);

  /** How long a peer of a published port may say nothing when there is no room for another one. */
  private static final long SILENT_PATIENCE = TimeUnit.SECONDS.toNanos(10);

  /** How long nothing may move when there is no room for another connection. */
  private static final long IDLE_PATIENCE = TimeUnit.SECONDS.toNanos(300);

  /** So many are ended together, and so long nobody looks again when there was none. */
  private static final int EVICTED_AT_ONCE = 16;

  private static final long FRUITLESS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Kinds of connections that are ended for others. */
  enum Kind {
    HALF_OPEN(DIALLING_PATIENCE),
    SILENT(SILENT_PATIENCE),
    IDLE(IDLE_PATIENCE),
    IDLE_INWARD(IDLE_PATIENCE);

    /** How long nothing came before it counts as of no use, in nanoseconds. */
    final long patience;

    Kind(long patience) {
      this.patience = patience;
    }
  }

  private final NetworkLimits limits;

  /** Of which kinds there was none lately, and until when that counts. */
  private final Map<Kind, Long> fruitlessUntil = new EnumMap<>(Kind.class);

  TcpEviction(NetworkLimits limits) {
    this.limits = limits;
  }

  /**
   * Ends some that are of no use; of silent peers those first that have the most.
   *
   * @param all the connections, which forget those that are ended
   * @return how many were ended
   */
  int evict(Collection<TcpConnection> all, EnumSet<Kind> kinds) {
    long now = System.nanoTime();
    if (kinds.stream().allMatch(kind -> now - fruitlessUntil.getOrDefault(kind, now) < 0)) {
      return 0;
    }
    Map<Object, Integer> peers = new HashMap<>();
    all.forEach(one -> peers.merge(one.far().peerAddress(), 1, Integer::sum));
    List<TcpConnection> victims =
        all.stream()
            .filter(one -> isUseless(one, kinds, now))
            .sorted(
                Comparator.<TcpConnection>comparingInt(
                        one ->
                            one.far().inward()
                                ? -peers.getOrDefault(one.far().peerAddress(), 0)
                                : 0)
                    .thenComparingLong(one -> one.used() - now))
            .limit(EVICTED_AT_ONCE)
            .toList();
    for (TcpConnection victim : victims) {
      limits.evicted();
      victim.abort();
    }
    if (victims.isEmpty()) {
      kinds.forEach(kind -> fruitlessUntil.put(kind, now + FRUITLESS));
    }
    return victims.size();
  }

  private static boolean isUseless(TcpConnection one, EnumSet<Kind> kinds, long now) {
    Kind kind = kindOf(one.isDialling(), one.far().inward(), one.hasHostSpoken());
    return kinds.contains(kind) && now - one.used() > kind.patience;
  }

  static Kind kindOf(boolean dialling, boolean inward, boolean hostHasSpoken) {
    if (dialling) {
      return Kind.HALF_OPEN;
    }
    if (inward) {
      return hostHasSpoken ? Kind.IDLE_INWARD : Kind.SILENT;
    }
    return Kind.IDLE;
  }
}
