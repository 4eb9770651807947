/**
 * Byte streams to a guest agent or to any other process that listens on a socket. Begin with {@link
 * UnixSocketConnection#connect} for a unix socket; every transport is used through {@link
 * Connection}. Nothing here knows ttRPC.
 */
@NullMarked
package io.katajava.transport;

import org.jspecify.annotations.NullMarked;
