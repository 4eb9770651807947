package io.katajava.transport;

import static io.katajava.transport.SocketCalls.C;

import io.katajava.base.text.PathBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import jnr.unixsocket.Credentials;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;

/**
 * Makes unix stream sockets, whose addresses are bytes: unix(7). jnr-unixsocket knows their
 * options; it counts the characters of a path, though, so that the kernel gets addresses from here.
 */
final class UnixSockets {
  private static final int PATH_AT = 2;

  private UnixSockets() {}

  /** A {@code sockaddr_un}: u16 family, the path, a NUL. */
  static ByteBuffer address(Path path) {
    byte[] bytes = PathBytes.of(path);
    if (bytes.length == 0 || bytes.length > UnixSocketConnection.MAX_PATH_BYTES) {
      throw new IllegalArgumentException(
          "the path of a unix socket may have 1 to "
              + UnixSocketConnection.MAX_PATH_BYTES
              + " bytes but "
              + path
              + " has "
              + bytes.length
              + "; use a shorter directory");
    }
    ByteBuffer address =
        ByteBuffer.allocateDirect(PATH_AT + bytes.length + 1).order(ByteOrder.nativeOrder());
    address.putShort(0, (short) SocketCalls.AF_UNIX).put(PATH_AT, bytes);
    return address;
  }

  /** A socket that is nothing yet. */
  static int open() throws IOException {
    int type = SocketCalls.SOCK_STREAM | SocketCalls.SOCK_CLOEXEC;
    int fd = C.socket(SocketCalls.AF_UNIX, type, 0);
    if (fd < 0) {
      throw SocketCalls.failure("creating a unix socket", SocketCalls.errno());
    }
    return fd;
  }

  static int connect(Path path, Duration timeout) throws IOException {
    ByteBuffer address = address(path);
    String where = "connecting to " + path;
    int fd = open();
    boolean connected = false;
    try {
      // connect(2) of a unix socket waits as long as a send would.
      sendTimeout(fd, timeout);
      while (C.connect(fd, address, address.capacity()) < 0) {
        int errno = SocketCalls.errno();
        if (errno != SocketCalls.EINTR) {
          throw connecting(where, errno, timeout);
        }
      }
      sendTimeout(fd, Duration.ZERO);
      connected = true;
      return fd;
    } finally {
      if (!connected) {
        C.close(fd);
      }
    }
  }

  private static IOException connecting(String where, int errno, Duration timeout) {
    return switch (errno) {
      case SocketCalls.ENOENT -> new IOException(where + ": the socket does not exist");
      case SocketCalls.ECONNREFUSED ->
          new IOException(where + ": nobody listens on it (ECONNREFUSED)");
      case SocketCalls.EACCES -> new IOException(where + ": permission denied (EACCES)");
      case SocketCalls.EAGAIN ->
          new IOException(where + ": nobody accepted within " + timeout.toMillis() + " ms");
      default -> SocketCalls.failure(where, errno);
    };
  }

  /** Zero is no limit, so less than a millisecond is one. */
  private static void sendTimeout(int fd, Duration timeout) throws IOException {
    long millis = timeout.isZero() ? 0 : Math.max(1, timeout.toMillis());
    UnixSocketChannel.fromFD(fd)
        .setOption(UnixSocketOptions.SO_SNDTIMEO, (int) Math.min(Integer.MAX_VALUE, millis));
  }

  static int listen(Path path, int backlog) throws IOException {
    ByteBuffer address = address(path);
    int fd = open();
    boolean listening = false;
    try {
      if (C.bind(fd, address, address.capacity()) < 0 || C.listen(fd, backlog) < 0) {
        throw SocketCalls.failure("listening on " + path, SocketCalls.errno());
      }
      listening = true;
      return fd;
    } finally {
      if (!listening) {
        C.close(fd);
      }
    }
  }

  /** The next connection, or the negative errno. */
  static int accept(int listener) {
    while (true) {
      int fd = C.accept4(listener, null, null, SocketCalls.SOCK_CLOEXEC);
      if (fd >= 0) {
        return fd;
      }
      int errno = SocketCalls.errno();
      if (errno != SocketCalls.EINTR && errno != SocketCalls.ECONNABORTED) {
        return -errno;
      }
    }
  }

  static PeerCredentials peer(int fd) throws IOException {
    Credentials found = UnixSocketChannel.fromFD(fd).getOption(UnixSocketOptions.SO_PEERCRED);
    return new PeerCredentials(found.getPid(), found.getUid(), found.getGid());
  }
}
