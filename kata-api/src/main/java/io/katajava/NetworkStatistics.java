package io.katajava;

/**
 * Counters of what a sandbox's user networks have open and of what they have refused since they
 * began. A snapshot, but not of one moment.
 *
 * @param connections TCP connections, both ways
 * @param halfOpen those of them whose far end has not answered yet
 * @param flows flows of UDP from the guest
 * @param sockets sockets of the JVM that are open for the guest
 * @param socketLimit how many it may have, as long as other sandboxes have what they have now
 * @param refusedByPolicy attempts that the {@link EgressPolicy} refused
 * @param refusedByLimit attempts for which there was no room
 * @param evicted connections that were ended for new ones: far ends that never answered, peers of a
 *     published port that said nothing, connections on which nothing moved for minutes
 * @param acceptPauses how often a published port paused because the system had no descriptors left
 */
public record NetworkStatistics(
    int connections,
    int halfOpen,
    int flows,
    int sockets,
    int socketLimit,
    long refusedByPolicy,
    long refusedByLimit,
    long evicted,
    long acceptPauses) {

  /** Of a sandbox without a user network. */
  public static final NetworkStatistics NONE = new NetworkStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0);

  /**
   * Of several networks together.
   *
   * @param other of another one
   * @return the sums
   */
  public NetworkStatistics plus(NetworkStatistics other) {
    return new NetworkStatistics(
        connections + other.connections,
        halfOpen + other.halfOpen,
        flows + other.flows,
        sockets + other.sockets,
        socketLimit + other.socketLimit,
        refusedByPolicy + other.refusedByPolicy,
        refusedByLimit + other.refusedByLimit,
        evicted + other.evicted,
        acceptPauses + other.acceptPauses);
  }
}
