package io.katajava;

import io.katajava.Network.Mapping;
import io.katajava.PublishedPort.Protocol;
import java.util.List;

/** The user network of a running sandbox: which of its ports the host reaches, and where. */
public interface SandboxNetwork {

  /**
   * The ports that are published now.
   *
   * @return a snapshot
   */
  List<Mapping> published();

  /**
   * Where a published port is.
   *
   * @param protocol TCP or UDP
   * @param guestPort in the guest
   * @return its mapping
   * @throws IllegalArgumentException if it is not published
   */
  default Mapping mapping(Protocol protocol, int guestPort) {
    return published().stream()
        .filter(one -> one.protocol() == protocol && one.guestPort() == guestPort)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    guestPort
                        + "/"
                        + protocol
                        + " is not published; published are "
                        + published()));
  }

  /**
   * Publishes another port, at once. With several user networks the first one has it.
   *
   * @param port what, and where
   * @return its mapping
   * @throws KataException with {@link ErrorCode#NETWORK_UNAVAILABLE} when the host's port is taken
   *     or the guest's is published already, with {@link ErrorCode#INVALID_CONFIGURATION} when the
   *     sandbox has no user network
   */
  Mapping publish(PublishedPort port);

  /**
   * Publishes a port no longer. Connections that exist go on.
   *
   * @param protocol TCP or UDP
   * @param guestPort in the guest
   * @return whether it was published
   */
  boolean unpublish(Protocol protocol, int guestPort);

  /**
   * What the sandbox's user networks have open and have refused.
   *
   * @return a snapshot
   */
  NetworkStatistics statistics();
}
