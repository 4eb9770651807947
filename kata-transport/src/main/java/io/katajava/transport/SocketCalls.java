package io.katajava.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import jnr.constants.platform.Errno;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import org.jspecify.annotations.Nullable;

/** The system calls of the data path. Buffers must be direct: the JVM does not move those. */
final class SocketCalls {
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int EPIPE = 32;
  static final int ECONNABORTED = 103;
  static final int ECONNRESET = 104;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_NOSIGNAL = 0x4000;
  static final int SHUT_RDWR = 2;
  static final short POLLIN = 1;
  static final int ENOENT = 2;
  static final int ECONNREFUSED = 111;
  static final int EACCES = 13;
  static final int AF_UNIX = 1;
  static final int SOCK_STREAM = 1;
  static final int SOCK_CLOEXEC = 0x80000;

  /** Signatures as in the C library. */
  public interface LibC {
    @ssize_t
    long recv(int fd, ByteBuffer buffer, @size_t long length, int flags);

    @ssize_t
    long send(int fd, ByteBuffer buffer, @size_t long length, int flags);

    int poll(ByteBuffer descriptors, @size_t long count, int timeoutMillis);

    int socket(int domain, int type, int protocol);

    int connect(int fd, ByteBuffer address, int length);

    int bind(int fd, ByteBuffer address, int length);

    int listen(int fd, int backlog);

    int accept4(int fd, @Nullable ByteBuffer address, @Nullable ByteBuffer length, int flags);

    int shutdown(int fd, int how);

    int close(int fd);
  }

  static final LibC C = load();
  private static final Runtime RUNTIME = Runtime.getRuntime(C);

  private SocketCalls() {}

  /**
   * jffi names its native part by a version that it formats in the default locale: with digits of
   * another script there is no such file, and a first failure is final. So that one load happens
   * with plain digits. Everybody comes here first, and the class's own lock lets one thread do it.
   */
  private static LibC load() {
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    boolean plain = String.format(before, "%d", 1234567890).equals("1234567890");
    if (plain) {
      return LibraryLoader.create(LibC.class).load("c");
    }
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    try {
      return LibraryLoader.create(LibC.class).load("c");
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  static int errno() {
    return LastError.getLastError(RUNTIME);
  }

  static IOException failure(String attempt, int errno) {
    return new IOException(attempt + ": " + Errno.valueOf(errno).description());
  }
}
