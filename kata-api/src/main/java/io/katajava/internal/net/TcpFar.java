package io.katajava.internal.net;

import org.jspecify.annotations.Nullable;

/**
 * Where a connection goes on.
 *
 * @param end the far end
 * @param socket whether it is a socket of the budget
 * @param inward whether it came in at a published port
 * @param peer who is there, as far as that tells one from another
 */
record TcpFar(FarEnd end, boolean socket, boolean inward, @Nullable Object peer) {
  Object peerAddress() {
    return peer == null ? "" : peer;
  }
}
