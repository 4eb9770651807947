package io.katajava.qmp;

import io.katajava.transport.Connection;
import io.katajava.transport.PeerCredentials;
import io.katajava.transport.UnixSocketConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Connects to the socket of a monitor and checks who listens. */
final class Dialing {
  /**
   * Between attempts at a socket that is not there yet: nothing tells when listen(2) was called.
   */
  private static final long RETRY_MILLIS = 2;

  private Dialing() {}

  static Connection connect(Path socket, QmpOptions options, long deadline) {
    while (true) {
      long left = deadline - System.nanoTime();
      try {
        UnixSocketConnection connection =
            UnixSocketConnection.connect(socket, Duration.ofNanos(Math.max(1_000_000, left)));
        checkPeer(connection, options);
        return connection;
      } catch (IOException e) {
        if (!options.awaitSocket() || left <= 0) {
          throw new QmpConnectException(
              "no QMP session: " + e.getMessage() + hint(socket, options), e);
        }
      }
      pause(socket);
    }
  }

  private static String hint(Path socket, QmpOptions options) {
    if (options.awaitSocket()) {
      return " within " + options.connectTimeout() + "; did QEMU start?";
    }
    return Files.exists(socket)
        ? "; is QEMU still running?"
        : "; was QEMU started with -qmp unix:" + socket + ",server=on,wait=off?";
  }

  private static void checkPeer(UnixSocketConnection connection, QmpOptions options)
      throws IOException {
    if (options.expectedPeer().isEmpty()) {
      return;
    }
    long expected = options.expectedPeer().getAsLong();
    boolean right = false;
    try {
      PeerCredentials peer = connection.peer();
      right = peer.pid() == expected;
      if (!right) {
        throw new QmpConnectException(
            "no QMP session: "
                + connection.describe()
                + " belongs to process "
                + peer.pid()
                + " of user "
                + peer.uid()
                + ", not to process "
                + expected,
            null);
      }
    } finally {
      if (!right) {
        connection.close();
      }
    }
  }

  private static void pause(Path socket) {
    try {
      TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpInterruptedException("the socket " + socket, e);
    }
  }
}
