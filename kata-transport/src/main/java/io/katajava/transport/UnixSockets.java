package io.katajava.transport;

import static io.katajava.transport.SocketCalls.C;

import io.katajava.base.text.PathBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;

/** Makes unix stream sockets, whose addresses are bytes: unix(7). */
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
      sendTimeout(fd, timeout, where);
      while (C.connect(fd, address, address.capacity()) < 0) {
        int errno = SocketCalls.errno();
        if (errno != SocketCalls.EINTR) {
          throw connecting(where, errno, timeout);
        }
      }
      sendTimeout(fd, Duration.ZERO, where);
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

  /** A {@code struct timeval}; zero is no limit, so less than a microsecond is one. */
  private static void sendTimeout(int fd, Duration timeout, String where) throws IOException {
    long micros = timeout.toNanosPart() / 1000;
    ByteBuffer value = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    value.putLong(0, timeout.toSeconds());
    value.putLong(8, timeout.isZero() || timeout.toSeconds() > 0 ? micros : Math.max(1, micros));
    int level = SocketCalls.SOL_SOCKET;
    if (C.setsockopt(fd, level, SocketCalls.SO_SNDTIMEO, value, value.capacity()) < 0) {
      throw SocketCalls.failure(where, SocketCalls.errno());
    }
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

  /** A {@code struct ucred}: pid, uid, gid. */
  static PeerCredentials peer(int fd, String where) throws IOException {
    ByteBuffer found = ByteBuffer.allocateDirect(12).order(ByteOrder.nativeOrder());
    ByteBuffer length = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
    length.putInt(0, found.capacity());
    if (C.getsockopt(fd, SocketCalls.SOL_SOCKET, SocketCalls.SO_PEERCRED, found, length) < 0) {
      throw SocketCalls.failure("asking who is at the other end of " + where, SocketCalls.errno());
    }
    return new PeerCredentials(found.getInt(0), found.getInt(4), found.getInt(8));
  }
}
