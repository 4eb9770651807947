package io.katajava.qmp;

import io.katajava.transport.Connection;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Hands out a connection that was given; there is no second one. */
final class OnceDialer {
  private final AtomicReference<@Nullable Connection> connection;

  OnceDialer(Connection connection) {
    this.connection = new AtomicReference<>(connection);
  }

  Connection dial() {
    Connection given = connection.getAndSet(null);
    if (given == null) {
      throw new UnsupportedOperationException(
          "a client over a given connection cannot reconnect: connect with a path instead");
    }
    return given;
  }
}
